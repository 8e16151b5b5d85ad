{#- Nothing was lost or doubled: this column adds up to `expression` over table `source`. -#}
{% test sum_equals(model, column_name, expression, source) %}
with here as (select coalesce(sum({{ column_name }}), 0) as total from {{ model }}),

there as (select coalesce({{ expression }}, 0) as total from {{ source }})

select here.total as total_here, there.total as total_there
from here cross join there
where abs(here.total - there.total) > 0.005
{% endtest %}
