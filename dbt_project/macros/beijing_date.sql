{#- The calendar day in Asia/Shanghai on which a moment falls, whatever the session's time zone. -#}
{% macro beijing_date(moment) -%}
    cast(timezone('Asia/Shanghai', {{ moment }}) as date)
{%- endmacro %}
