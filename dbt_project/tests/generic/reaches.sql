{#- The table ends no earlier than this many days after as_of. -#}
{% test reaches(model, column, days_after_as_of) %}
select max({{ column }}) as last_day
from {{ model }}
having max({{ column }}) < {{ as_of() }} + {{ days_after_as_of }}
{% endtest %}
