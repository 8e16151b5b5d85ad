{#-
    When the baby of each (customer_id, baby_no) of `purchases` was born, as a posterior over months.

    Every purchase (month, months_from, months_to, edge_months; months counted from year 0) says:
    the baby is months_from to months_to old. That age is likeliest; edge_months too young or too
    old is 2 times less likely, twice that 5 times, anything else 20 times. Log-likelihoods
    add up, in thousandths and as whole numbers, so the order of rows changes nothing. Because
    each of them is a staircase, the sum changes only at its steps: no grid of months is needed.

    Gives peak_month (middle of the likeliest months), birth_month (the median) and confidence: the
    probability that the baby was born within three months of it.
-#}
{% macro birth_months(purchases) -%}
    with steps as (
        select
            customer_id,
            baby_no,
            unnest([
                {'step_month': month - months_to - 2 * edge_months, 'rise': 1400},
                {'step_month': month - months_to - edge_months, 'rise': 900},
                {'step_month': month - months_to, 'rise': 700},
                {'step_month': month - months_from + 1, 'rise': -700},
                {'step_month': month - months_from + edge_months + 1, 'rise': -900},
                {'step_month': month - months_from + 2 * edge_months + 1, 'rise': -1400}
            ], recursive := true)
        from {{ purchases }}
    ),

    stairs as (
        select customer_id, baby_no, step_month, sum(rise) as rise
        from steps
        group by all
    ),

    segments as (
        select
            customer_id,
            baby_no,
            step_month as from_month,
            lead(step_month) over baby as to_month,
            sum(rise) over (baby rows unbounded preceding) as height
        from stairs
        window baby as (partition by customer_id, baby_no order by step_month)
    ),

    masses as (
        select
            *,
            max(height) over everything as peak,
            cast(round(
                1000000 * exp((height - max(height) over everything) / 1000.0)
                * (to_month - from_month)
            ) as bigint) as mass
        from segments
        where to_month is not null
        window everything as (partition by customer_id, baby_no)
    ),

    running as (
        select
            *,
            sum(mass) over (partition by customer_id, baby_no order by from_month) as mass_so_far,
            sum(mass) over (partition by customer_id, baby_no) as total_mass
        from masses
        where mass > 0
    ),

    medians as (
        select
            customer_id,
            baby_no,
            min(from_month) filter (where height = peak) as first_peak_month,
            max(to_month) filter (where height = peak) - 1 as last_peak_month,
            min(
                from_month + greatest(0, cast(ceil(
                    (to_month - from_month) * (total_mass / 2.0 - (mass_so_far - mass)) / mass
                ) as bigint) - 1)
            ) filter (where mass_so_far * 2 >= total_mass) as birth_month
        from running
        group by all
    )

    select
        customer_id,
        baby_no,
        max((first_peak_month + last_peak_month) // 2) as peak_month,
        max(birth_month) as birth_month,
        sum(
            mass * greatest(
                0, least(to_month, birth_month + 4) - greatest(from_month, birth_month - 3)
            ) // (to_month - from_month)
        ) / max(total_mass) as confidence
    from running
    inner join medians using (customer_id, baby_no)
    group by all
{%- endmacro %}
