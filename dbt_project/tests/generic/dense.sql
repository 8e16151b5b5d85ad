{#- No gap: within each series, the next row is always exactly `step` days later. -#}
{% test dense(model, series, step) %}
select
    {{ series }},
    ds,
    ds - lag(ds) over (partition by {{ series }} order by ds) as days_since_previous
from {{ model }}
qualify days_since_previous <> {{ step }}
{% endtest %}
