"""For `odoo shell`: put the web client's files together now, not at the first page.

That takes 20 seconds, which a person waits for at the first login and a browser test
counts against its time. Files whose content is the same are kept.
"""

for name in (
    "web.assets_frontend",
    "web.assets_frontend_lazy",
    "web.assets_frontend_minimal",
    "web.assets_tests",
    "web.assets_web",
    "web.report_assets_common",
    "web.report_assets_pdf",
):
    bundle = env["ir.qweb"]._get_asset_bundle(name, css=True, js=True)  # noqa: F821
    bundle.js()
    bundle.css()
env.cr.commit()  # noqa: F821
