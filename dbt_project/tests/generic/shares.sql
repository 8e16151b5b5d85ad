{#- Each of these columns lies in [0, 1], checked in one scan; nulls pass. -#}
{% test shares(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where {% for column in columns -%} {{ column }} not between 0 and 1{{ " or " if not loop.last }} {%- endfor %}
{% endtest %}
