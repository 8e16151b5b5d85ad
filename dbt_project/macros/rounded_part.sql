{#-
    A row's part of `total` in proportion to `weight` among the rows that share `within`, rounded half
    up to the cent; null where no row has a weight. Whole numbers throughout: no float decides a cent.
    The parts need not add up: the last row with a weight takes the remainder, so there the part is
    `rounded + total - sum(rounded)`.
-#}
{% macro rounded_part(total, weight, within) -%}
    {%- set total_fen = 'cast(' ~ total ~ ' * 100 as hugeint)' -%}
    {%- set fen = 'cast(' ~ weight ~ ' * 100 as hugeint)' -%}
    {%- set all_fen = 'nullif(sum(' ~ fen ~ ') over (partition by ' ~ within ~ '), 0)' -%}
    cast(
        cast((2 * {{ total_fen }} * {{ fen }} + {{ all_fen }}) // (2 * {{ all_fen }}) as decimal(18, 0))
        * 0.01 as decimal(18, 2)
    )
{%- endmacro %}
