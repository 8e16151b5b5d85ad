-- The babies of known customers and where each stands at as_of. Months are as exact as it gets:
-- born_on and due_on are first days of a month.
with babies as (
    select
        customer_id,
        row_number() over (partition by customer_id order by birth_month, source) as baby_no,
        make_date(birth_month // 12, birth_month % 12 + 1, 1) as birth_on,
        source,
        confidence,
        datediff('month', birth_on, {{ as_of() }}) as age_months
    from {{ ref('int_baby_stage') }}
),

stages as (
    select *
    from (
        values
            ('pregnancy', -1000, 0, '0-6m'),
            ('0-6m', 0, 6, '6-12m'),
            ('6-12m', 6, 12, '12-36m'),
            ('12-36m', 12, 36, '36m+'),
            ('36m+', 36, null, null)
    ) as stages (stage, from_months, to_months, next_stage)
)

select
    babies.customer_id,
    babies.baby_no,
    case when babies.age_months >= 0 then babies.birth_on end as born_on,
    case when babies.age_months < 0 then babies.birth_on end as due_on,
    babies.source = 'crm' as is_known,
    babies.source,
    babies.confidence,
    babies.age_months,
    stages.stage,
    cast(babies.birth_on + to_months(stages.to_months) as date) as stage_exits_on,
    stages.next_stage
from babies
inner join stages
    on babies.age_months >= stages.from_months
    and (babies.age_months < stages.to_months or stages.to_months is null)
