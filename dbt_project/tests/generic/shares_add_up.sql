{#- Within each group the parts make the total, to a cent a part; a group may have no parts at all. -#}
{% test shares_add_up(model, part, total, within) %}
select {{ within }}, sum({{ part }}) as parts, max({{ total }}) as total
from {{ model }}
where {{ part }} is not null
group by {{ within }}
having abs(sum({{ part }}) - max({{ total }})) > 0.01 * count(*)
{% endtest %}
