{#-
    Writes the table that was just built to <STORK_EXPORTS>/<model>.parquet, for Python.
    Money is exact inside the warehouse and a float at this door. Rows are sorted by the grain that
    the model's meta names, so the same data is the same file; the file is written beside the old
    one and then renamed over it. Of the marts only those of the variable `exported_marts` are
    written: a file of all order lines each night is too dear for what nobody reads.
-#}
{% macro export_parquet() -%}
    {%- if model.config.group != 'marts' or model.name in var('exported_marts') -%}
    {%- set floats = [] -%}
    {%- for column in model.columns.values() if (column.data_type or '').startswith('decimal') -%}
        {%- do floats.append('cast(' ~ column.name ~ ' as double) as ' ~ column.name) -%}
    {%- endfor -%}
    copy (
        select * {% if floats %}replace ({{ floats | join(', ') }}){% endif %}
        from {{ this }}
        order by {{ model.config.meta['grain'] | join(', ') }}
    ) to '{{ env_var("STORK_EXPORTS") }}/{{ this.identifier }}.parquet'
    (format parquet, compression zstd, use_tmp_file true)
    {%- endif -%}
{%- endmacro %}
