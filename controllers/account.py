from odoo import http
from odoo.http import request

from odoo.addons.account.controllers.download_docs import (
    AccountDocumentDownloadController,
)


class CrmAccountDocuments(AccountDocumentDownloadController):
    """Invoices and their files, many in one archive, go out as printed ones do."""

    @http.route()
    def download_invoice_attachments(self, attachments):
        self._check_documents(attachments, "download_invoice_attachments")
        return super().download_invoice_attachments(attachments)

    @http.route()
    def download_invoice_documents_filetype(
        self, invoices, filetype, allow_fallback=True
    ):
        self._check_documents(invoices, "download_invoice_documents")
        return super().download_invoice_documents_filetype(
            invoices, filetype, allow_fallback
        )

    @http.route()
    def download_move_attachments(self, moves):
        self._check_documents(moves, "download_move_attachments")
        return super().download_move_attachments(moves)

    def _check_documents(self, records, name):
        request.env["crm.export.guard"]._check_documents(
            model=records._name, records=len(records), name=name
        )
