{#- What a line counts as paid: until the final payment nothing, and of a forfeited deposit the
    deposit. `lines` has the columns of int_lines. -#}
{% macro kept_payment(lines, paid_amount) -%}
    case
        when {{ lines }}.is_forfeited then coalesce({{ lines }}.deposit_amount, 0)
        when {{ lines }}.paid_at is null
            and {{ lines }}.lifecycle in ('created', 'deposit_paid', 'closed', 'cancelled')
            then 0
        else {{ paid_amount }}
    end
{%- endmacro %}
