{#- Keeps, of all versions of a key, the one the source changed last; ties go to the later landing. -#}
{% macro latest_version(key) -%}
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by source_version desc, landed_on desc, row_hash desc
    ) = 1
{%- endmacro %}
