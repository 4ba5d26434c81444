{
    "name": "Sales Management beside other add-ons",
    "summary": "Tests that only `make test-beside` runs; never installed",
    "version": "19.0.1.0.0",
    "author": "crm_gestion",
    "license": "LGPL-3",
    "depends": ["crm_gestion"],
}
