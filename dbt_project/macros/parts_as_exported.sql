{# What an export says of each part of a refund goes before what was asked for it, unless the export
   leaves some out. `key` names a part in both lists, `parts` and `exported`; `fields` are the part's
   fields, of which `e` is the export's row and `e.asked` the part that was asked for. #}
{% macro parts_as_exported(key, fields) -%}
    case
        when len(exported) >= coalesce(len(parts), 0)
            then [
                {
                    {%- for name, value in fields.items() %}
                    '{{ name }}': {{ value }}{{ "," if not loop.last }}
                    {%- endfor %}
                }
                for e in [
                    struct_insert(x, asked := list_filter(
                        parts, lambda p: p.{{ key }} = x.{{ key }}
                    )[1])
                    for x in exported
                ]
            ]
        else parts
    end
{%- endmacro %}
