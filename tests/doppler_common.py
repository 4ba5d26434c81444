from unittest.mock import patch

from odoo.addons.crm_gestion.tools.doppler import client, transport

from .common import CrmGestionCommon
from .doppler_stand_in import ACCOUNT, KEY, StandIn


class StandInCommon:
    """A service to talk to over real sockets, empty before each test, and a client
    that does not wait for long.

    Odoo lets tests talk to this machine. The time-outs are those of the client's own
    adapter, so that Odoo's does not lengthen them.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = StandIn().start()
        cls.addClassCleanup(cls.service.stop)
        for name, value in (
            ("TIMEOUT", (2, 0.5)),
            ("DEADLINE", 1),
            ("PATIENCE", 0.5),
            ("FIRST_PAUSE", 0.01),
        ):
            patcher = patch.object(transport, name, value)
            patcher.start()
            cls.addClassCleanup(patcher.stop)

    def setUp(self):
        super().setUp()
        self.service.reset()

    def _client(self, **options):
        """A client of the service, not of an account of Odoo."""
        return client.Client(
            **{
                "account": ACCOUNT,
                "key": KEY,
                "base_url": self.service.url,
                "rate": 1000.0,
                **options,
            }
        )


class DopplerCommon(StandInCommon, CrmGestionCommon):
    """An account of the company, connected with the service. Who tests another one
    gives him a company of his own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # jobs speak the language of the company, who is told something his own
        cls.env["res.lang"]._activate_lang("en_US")
        people = cls.env.ref("base.user_admin") | cls.director | cls.head | cls.seller
        people |= cls.colleague | cls.stranger
        (people.partner_id | cls.env.company.partner_id).lang = "en_US"
        cls.account = cls.env["crm.doppler.account"].create(
            {
                "company_id": cls.env.company.id,
                "email": ACCOUNT,
                "api_key": KEY,
                "base_url": cls.service.url,
                "user_id": cls.env.ref("base.user_admin").id,
                "require_consent": False,
                "rate": 1000.0,
            }
        )
        cls._connect()

    @classmethod
    def _connect(cls):
        """As when the account has been tried out with success.

        :return: its client
        """
        cls.account.write({"state": "connected", "error": False})
        return cls.account._client()
