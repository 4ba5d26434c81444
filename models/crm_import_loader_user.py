from odoo import api, models


class CrmImportLoaderUser(models.AbstractModel):
    """Users are never made by an import: the file of users tells who the owners are."""

    _name = "crm.import.loader.user"
    _inherit = "crm.import.loader"
    _description = "Loader of Users"

    @api.model
    def _plan(self, job, rows):
        chosen = {
            choice.name: choice.res_id
            for choice in job.choice_ids
            if choice.kind == "owner" and choice.action == "use"
        }
        outcomes = []
        for row in rows:
            user = self.env["res.users"].browse(chosen.get(row.name))
            reason = False
            if not user:
                reason = self.env._("A user is not made: nobody here is chosen for it.")
            outcomes.append((row, "matched" if user else "refused", reason, user))
        rows._tell(outcomes)
