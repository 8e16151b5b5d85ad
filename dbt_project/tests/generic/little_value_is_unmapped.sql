{#- All listings without a SKU together are worth no more than this share of the demand. -#}
{% test little_value_is_unmapped(model, most) %}
select sum(paid_share) as paid_share
from {{ model }}
having sum(paid_share) > {{ most }}
{% endtest %}
