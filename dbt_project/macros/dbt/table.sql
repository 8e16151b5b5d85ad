{#-
    A table in two statements and one transaction: the old one goes, the new one comes. dbt-duckdb's own
    way through a second name, renamings and a look for indexes costs more than most tables here take
    to build. If the query fails the transaction is undone and the old table stays.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set existing = load_cached_relation(this) -%}
    {%- set is_sql = model['language'] == 'sql' -%}
    {#- Python writes by a connection of its own, which does not see what is dropped here -#}
    {%- set written = target if is_sql else make_intermediate_relation(target) -%}
    {%- if not is_sql -%}
        {% call statement('main', language='python') -%}
            {{ create_table_as(False, written, compiled_code, 'python') }}
        {%- endcall %}
    {%- endif -%}
    {%- if existing is not none -%}
        {% call statement('drop') %}drop {{ existing.type }} {{ existing }}{% endcall %}
    {%- endif -%}
    {% if is_sql %}
        {% call statement('main') -%}
            {{ create_table_as(False, target, compiled_code) }}
        {%- endcall %}
    {% else %}
        {% call statement('rename') %}
            alter table {{ written }} rename to {{ adapter.quote(target.identifier) }}
        {% endcall %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
