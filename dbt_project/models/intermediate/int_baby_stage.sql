{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_touched_customers', 'customer_id') }}"
) }}

-- The babies of a customer and the month each was or will be born: what the CRM knows, and what is
-- bought beyond it. Months count from year 0. Two births of one customer within six months are one
-- baby told twice (or twins, who grow alike); a further baby is inferred only when three purchases
-- in two different months fit none closer than 15 months. At most two are inferred.
{% set fits %}
purchases.month - babies.birth_month between
    purchases.months_from - 2 * purchases.edge_months
    and purchases.months_to + 2 * purchases.edge_months
{% endset %}
{% set months_apart = 15 %}
{% set enough = '(count(*) over whose >= 3 and min(month) over whose < max(month) over whose)' %}
with told as (
    select births.*
    from {{ ref('int_told_births') }} as births
    {{ only_touched('births', 'int_touched_customers', 'customer_id') }}
),

told_apart as (
    select
        *,
        coalesce(birth_month - lag(birth_month) over customer > 6, true) as is_another
    from told
    window customer as (partition by customer_id order by birth_month, confidence desc)
),

numbered as (
    select
        *,
        sum(cast(is_another as integer)) over (
            partition by customer_id
            order by birth_month, confidence desc
            rows unbounded preceding
        ) as baby_no
    from told_apart
),

known as (
    select
        customer_id,
        baby_no,
        arg_max(birth_month, {'confidence': confidence, 'birth_month': birth_month}) as birth_month,
        max(confidence) as confidence
    from numbered
    group by all
),

purchases as (
    select purchases.*
    from {{ ref('int_baby_purchases') }} as purchases
    {{ only_touched('purchases', 'int_touched_customers', 'customer_id') }}
    where not exists (
        from known as babies
        where babies.customer_id = purchases.customer_id and {{ fits }}
    )
),

-- One baby for all of it; another for what does not fit the first; and the first once more, without
-- what fits the other, for one age in between may have passed for both.
one_baby as (
    select *, 1 as baby_no
    from purchases
),

one_guess as (
    {{ birth_months('one_baby') }}
),

other_baby as (
    select purchases.*, 2 as baby_no
    from purchases
    inner join (
        select customer_id, peak_month as birth_month from one_guess
    ) as babies
        on babies.customer_id = purchases.customer_id
    where not {{ fits }}
    window whose as (partition by purchases.customer_id)
    qualify {{ enough }}
),

other_guess as (
    {{ birth_months('other_baby') }}
),

first_again as (
    select purchases.*, 1 as baby_no
    from purchases
    inner join (
        select customer_id, peak_month as birth_month from other_guess
    ) as babies
        on babies.customer_id = purchases.customer_id
    where not {{ fits }}
    window whose as (partition by purchases.customer_id)
    qualify {{ enough }}
),

first_guess as (
    {{ birth_months('first_again') }}
),

pairs as (
    select
        customer_id,
        first_guess.peak_month as first_month,
        other_guess.peak_month as other_month
    from first_guess
    inner join other_guess using (customer_id)
    where abs(first_guess.peak_month - other_guess.peak_month) > {{ months_apart }}
),

guessed as (
    select customer_id, 1 as baby_no, peak_month as birth_month
    from one_guess
    anti join pairs using (customer_id)
    union all
    select customer_id, 1 as baby_no, first_month as birth_month
    from pairs
    union all
    select customer_id, 2 as baby_no, other_month as birth_month
    from pairs
),

unknown as (
    select *
    from guessed
    where not exists (
        from known
        where known.customer_id = guessed.customer_id
            and abs(known.birth_month - guessed.birth_month) <= {{ months_apart }}
    )
),

-- A purchase speaks of the baby whose age it fits best, of both where it fits both alike.
fitting as (
    select
        purchases.*,
        babies.baby_no,
        greatest(
            0,
            purchases.months_from - (purchases.month - babies.birth_month),
            purchases.month - babies.birth_month - purchases.months_to
        ) as months_outside
    from purchases
    inner join unknown as babies
        on babies.customer_id = purchases.customer_id and {{ fits }}
    qualify months_outside = min(months_outside) over (
        partition by purchases.customer_id, purchases.month, purchases.product_stage,
            purchases.months_from, purchases.months_to
    )
),

-- The first baby of a customer of whom the CRM knows none needs one purchase, any other three.
evidence as (
    select *
    from fitting
    window whose as (partition by customer_id, baby_no)
    qualify {{ enough }} or (baby_no = 1 and customer_id not in (select customer_id from known))
),

births as (
    {{ birth_months('evidence') }}
),

supports as (
    select customer_id, baby_no, count(*) as purchases
    from evidence
    group by all
),

shares as (
    select
        purchases.customer_id,
        count(explained.month) / count(*) as explained
    from purchases
    left join (
        select distinct customer_id, month, product_stage, months_from, months_to
        from evidence
    ) as explained using (customer_id, month, product_stage, months_from, months_to)
    group by all
)

select
    customer_id,
    'crm' as source,
    birth_month,
    cast(confidence as double) as confidence,
    0 as purchases
from known
union all
select
    births.customer_id,
    'inferred' as source,
    births.birth_month,
    round(births.confidence * shares.explained, 3) as confidence,
    supports.purchases
from births
inner join supports using (customer_id, baby_no)
inner join shares using (customer_id)
