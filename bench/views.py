"""What the web client reads for a view, from the view itself.

It follows ``getFieldsSpec`` of the web client (relational_model/utils.js), and the
fields that the widgets of these views ask for besides. What a field's own ``context``
adds is left out, on both sides.
"""

import ast
from xml.etree import ElementTree

PAGE = 80
COLUMN = 40  # cards of a kanban column, rows of a list in a form
COUNT_LIMIT = 10001
NEVER = ("1", "True")
# Fields that a widget reads besides its own (fieldDependencies in the web client).
ACTIVITY = (
    "activity_exception_decoration",
    "activity_exception_icon",
    "activity_state",
    "activity_summary",
    "activity_type_icon",
    "activity_type_id",
)
BESIDES = {"kanban_activity": ACTIVITY, "list_activity": ACTIVITY}
# Widgets of lists of records that read the name and the color, and load no view.
TAGS = {"many2many_tags", "many2many_tags_avatar", "many2many_avatar_user"}
NO_VIEW = {"kanban_activity", "list_activity", "many2many_binary", "mail_attachments"}


class View:
    """A view as the web client has it in its memory after the first time.

    :param session: of the user who opens it
    :param view: id of the view, or False for the default one
    """

    def __init__(self, session, model, kind, view=False, **context):
        self.model, self.kind, self.context = model, kind, context
        options = {"toolbar": True, "load_filters": kind != "form"}
        answer = session.call(
            model,
            "get_views",
            [[view, kind], [False, "search"]],
            options=options,
            context=context,
        )
        self.models = {name: data["fields"] for name, data in answer["models"].items()}
        self.arch = ElementTree.fromstring(answer["views"][kind]["arch"])
        self.search = ElementTree.fromstring(answer["views"]["search"]["arch"])
        self.session = session
        self.specification = self._read(self.arch, model)
        self.order = self.arch.get("default_order", "")
        self.has_chatter = self.arch.find(".//chatter") is not None

    def _read(self, arch, model):
        fields = self.models[model]
        nodes = {}
        for node in _own_fields(arch):
            nodes.setdefault(node.get("name"), []).append(node)
            for name in BESIDES.get(node.get("widget"), ()):
                if name in fields:
                    nodes.setdefault(name, [])
        return {
            name: self._read_field(fields[name], nodes[name])
            for name in nodes
            if name in fields
        }

    def _read_field(self, field, nodes):
        # a field that is there twice is read as the one that is seen
        shown = [node for node in nodes if not _never_shown(node)]
        if field["type"] in ("many2one", "reference"):
            return {"fields": {"display_name": {}} if shown or not nodes else {}}
        if field["type"] not in ("one2many", "many2many") or not shown:
            return {}
        node = shown[0]
        if node.get("widget") in TAGS:
            names = {"display_name", _option(node, "color_field")} - {None}
            return {"fields": {name: {} for name in sorted(names)}, "limit": COLUMN}
        return self._read_list(field, node)

    def _read_list(self, field, node):
        wanted = (node.get("mode") or "list,kanban").split(",")[0]
        inline = node.find(wanted)
        if inline is None:
            inline = next(
                (node.find(k) for k in ("list", "kanban") if node.find(k)), None
            )
        if inline is None:
            if node.get("widget") in NO_VIEW or field.get("relation") is None:
                return {}
            return View(self.session, field["relation"], "list").as_list()
        spec = {"fields": self._read(inline, field["relation"])}
        return _limited(spec, inline)

    def as_list(self):
        """:return: specification of a list of records in a form"""
        return _limited({"fields": self.specification}, self.arch)

    # --- requests ---

    def list_of(self, session, domain, limit=PAGE):
        """A list as it opens, with its count."""
        return session.call(
            self.model,
            "web_search_read",
            domain=domain,
            specification=self.specification,
            offset=0,
            order=self.order,
            limit=limit,
            count_limit=COUNT_LIMIT,
            context={"bin_size": True, **self.context},
        )

    def kanban_of(self, session, domain, group_by, aggregates):
        """A kanban as it opens: its columns with their cards, then its bars."""
        answer = session.call(
            self.model,
            "web_read_group",
            domain,
            [group_by],
            aggregates,
            limit=None,
            offset=0,
            order=self.order,
            auto_unfold=True,
            opening_info=[],
            unfold_read_specification=self.specification,
            unfold_read_default_limit=COLUMN,
            groupby_read_specification={},
            context={"read_group_expand": True, **self.context},
        )
        bar = self.arch.find("progressbar")
        if bar is not None:
            session.call(
                self.model,
                "read_progress_bar",
                domain=domain,
                group_by=group_by,
                progress_bar={
                    "field": bar.get("field"),
                    "colors": _dict(bar.get("colors")),
                    "help": bar.get("help"),
                },
                context=self.context,
            )
        return answer

    def pivot_of(self, session, domain):
        """A pivot as it opens: all, by rows, by columns, by both."""
        fields = {"row": [], "col": [], "measure": []}
        for node in self.arch.iter("field"):
            name, kind = node.get("name"), node.get("type", "measure")
            interval = node.get("interval")
            fields[kind].append(f"{name}:{interval}" if interval else name)
        row, col = fields["row"][:1], fields["col"][:1]
        sets = [[], col, row, row + col]
        measures = [
            f"{name}:{self.models[self.model][name].get('aggregator') or 'sum'}"
            for name in fields["measure"]
        ]
        return session.call(
            self.model,
            "formatted_read_grouping_sets",
            domain,
            [group for n, group in enumerate(sets) if group not in sets[:n]],
            ["__count", *measures],
            context=self.context,
        )

    def form_of(self, session, record_id):
        """A form as it opens, with what is below it."""
        answer = session.call(
            self.model,
            "web_read",
            [record_id],
            specification=self.specification,
            context={"bin_size": True, **self.context},
        )
        if self.has_chatter:
            self._chatter_of(session, record_id)
        return answer

    def _chatter_of(self, session, record_id):
        thread = {"thread_model": self.model, "thread_id": record_id}
        asked = ["activities", "attachments", "contact_fields", "followers"]
        asked += ["scheduledMessages", "suggestedRecipients"]
        session.post(
            "/mail/data",
            {
                "fetch_params": [["mail.thread", {**thread, "request_list": asked}]],
                "context": session.context,
            },
        )
        session.post("/mail/thread/messages", {**thread, "fetch_params": {"limit": 30}})

    def new(self, session, **context):
        """A new record as its form opens.

        :return: the values that are proposed, as they are sent when it is saved
        """
        answer = session.call(
            self.model,
            "onchange",
            [],
            {},
            [],
            self.specification,
            context={**self.context, **context},
        )
        return {name: _sent(value) for name, value in answer["value"].items()}

    def save(self, session, ids, vals, **context):
        """
        :return: list of the records as the web client reads them again
        """
        return session.call(
            self.model,
            "web_save",
            ids,
            vals,
            specification=self.specification,
            context={**self.context, **context},
        )


def _own_fields(node):
    """The fields of a view without those of the lists in it."""
    for child in node:
        if child.tag == "field":
            yield child
        else:
            yield from _own_fields(child)


def _never_shown(node):
    return node.get("invisible") in NEVER or node.get("column_invisible") in NEVER


def _option(node, name):
    return _dict(node.get("options")).get(name)


def _dict(text):
    """:return: dict that an attribute of a view has, where it is a literal one"""
    try:
        return ast.literal_eval(text) if text else {}
    except ValueError:
        return {}


def _limited(spec, arch):
    spec["limit"] = int(arch.get("limit") or COLUMN)
    if arch.get("default_order"):
        spec["order"] = arch.get("default_order")
    return spec


def _sent(value):
    if isinstance(value, dict) and "id" in value:
        return value["id"]
    return value
