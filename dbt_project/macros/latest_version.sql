{#- Keeps, of all versions of a key, the one the source changed last. Ties go by how much they tell,
    then by content: by landing day the winner would depend on the order in which files came in. -#}
{% macro latest_version(key) -%}
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by source_version desc, row_hash desc
    ) = 1
{%- endmacro %}
