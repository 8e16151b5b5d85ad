{#- What a run is told about its night, as a variable, or in the environment as STORK_<NAME>: "as_of",
    the last visible day, and "since", what the last build had seen (JSON). The environment is read
    when a model runs, never when it is parsed: dbt parses all files anew when a variable differs. -#}
{% macro told(name) -%}
    {%- set told = var(name, none) -%}
    {%- if told is none and execute -%}
        {%- set told = env_var('STORK_' ~ name | upper, '') -%}
        {%- set told = fromjson(told) if told.startswith('{') else told or none -%}
    {%- endif -%}
    {{ return(told) }}
{%- endmacro %}
