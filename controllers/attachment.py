from odoo import http
from odoo.http import request

from odoo.addons.mail.controllers.attachment import AttachmentController


class CrmAttachmentController(AttachmentController):
    """Files of many chatters in one archive; the portal's are the customer's own."""

    @http.route()
    def mail_attachment_get_zip(self, file_ids, zip_name, **kw):
        if request.env.user._is_internal():
            request.env["crm.export.guard"]._check_documents(
                "attachment",
                model="ir.attachment",
                records=len(set(file_ids.split(","))),
                name=zip_name,
            )
        return super().mail_attachment_get_zip(file_ids, zip_name, **kw)
