{#- What one part of a bundle has of the line's amount: by weight, rounded half up to the cent, and
    the last part that has a weight takes what is left. Expects `parts` (null for a line that is no
    bundle), the part's `part_no`, its `part`, and `last_part`, `total_weight` of the whole. -#}
{% macro part_amount(amount) -%}
    {%- set fen = 'cast(' ~ amount ~ ' * 100 as bigint)' -%}
    cast(
        case
            when parts is null then {{ amount }}
            when part_no <> last_part then {{ rounded_fen(fen, 'part.weight') }} * 0.01
            else (
                {{ fen }} - list_sum(
                    [{{ rounded_fen(fen, 'other.weight') }} for other in parts]
                ) + {{ rounded_fen(fen, 'part.weight') }}
            ) * 0.01
        end as decimal(18, 2)
    )
{%- endmacro %}


{% macro rounded_fen(fen, weight) -%}
    ((2 * {{ fen }} * {{ weight }} + total_weight) // (2 * total_weight))
{%- endmacro %}
