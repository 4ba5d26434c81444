/** Steps that several tours take. */

/** Type into a field that offers records, and take the one of this name. */
export const choose = (field, name) => [
    {
        trigger: `.o_field_widget[name=${field}] input`,
        run: `edit ${name}`,
    },
    {
        trigger: `.o-autocomplete--dropdown-item:contains('${name}')`,
        run: "click",
    },
];
