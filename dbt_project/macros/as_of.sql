{#- The last visible day, as a date. Everything after it is invisible to every model. -#}
{% macro as_of() -%}
    {%- set day = told('as_of') -%}
    {%- if execute and day is none -%}
        {{ exceptions.raise_compiler_error(
            "'as_of' is missing: say which day is the last visible one, STORK_AS_OF=2026-06-28 or "
            "--vars '{\"as_of\": \"2026-06-28\"}'"
        ) }}
    {%- endif -%}
    cast('{{ day }}' as date)
{%- endmacro %}
