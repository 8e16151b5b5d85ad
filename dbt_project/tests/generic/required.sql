{#- None of these columns is null, checked in one scan. -#}
{% test required(model, columns) %}
select *
from {{ model }}
where {% for column in columns -%} {{ column }} is null{{ " or " if not loop.last }} {%- endfor %}
{% endtest %}
