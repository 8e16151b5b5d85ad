{#- The grain: no two rows share these columns, and none of them is null. -#}
{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
group by all
having count(*) > 1
    {% for column in columns -%} or {{ column }} is null {% endfor %}
{% endtest %}
