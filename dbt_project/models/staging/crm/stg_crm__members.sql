-- People type birthdays: what cannot be one is said to be none, and a birthday still to come is
-- the due date in the wrong field. What was to come is judged by the day it was first known.
-- A CRM that dates its members tells each of them whole. Of one that does not, the files of a day
-- together tell a member, however they are cut; a member may have a baby in each.
with current_members as (
    {{ current_rows('crm', 'members', [
        'platform', 'shop_id', 'member_id', 'updated_at is null',
        'if(updated_at is null, coalesce(cast(baby_no as varchar), baby_birthday, due_date), null)'
    ]) }}
    qualify rank() over (
        partition by platform, shop_id, member_id
        order by source_version desc, updated_at is null
    ) = 1
),

first_known as (
    select
        platform,
        shop_id,
        member_id,
        baby_no,
        baby_birthday,
        {{ beijing_date('min(source_version)') }} as known_on,
        min(landed_on) as first_landed_on
    from {{ source('crm', 'members') }}
    where landed_on <= {{ as_of() }}
    group by all
),

read as (
    select
        current_members.*,
        first_known.known_on,
        first_known.first_landed_on,
        {{ typed_day('current_members.baby_birthday') }} as birthday,
        {{ typed_day('current_members.due_date') }} as due_day,
        {{ is_only_a_month('current_members.baby_birthday') }} as is_month
    from current_members
    inner join first_known
        on current_members.platform = first_known.platform
            and current_members.shop_id = first_known.shop_id
            and current_members.member_id = first_known.member_id
            and current_members.baby_no is not distinct from first_known.baby_no
            and current_members.baby_birthday is not distinct from first_known.baby_birthday
),

judged as (
    select
        *,
        birthday > known_on and birthday <> first_landed_on as is_still_to_come,
        case
            when baby_birthday is not null then coalesce(
                birthday <= known_on
                -- 1900-01-01, and a parent's own birthday
                and birthday > known_on - interval 15 years
                -- the day of the entry, put in where nobody typed one
                and (is_month or birthday not in (
                    known_on, coalesce({{ beijing_date('joined_at') }}, known_on)
                )),
                false
            )
        end as is_birthday_plausible
    from read
),

moved as (
    select
        *,
        coalesce(due_day, case when is_still_to_come then birthday end) as stated_due_on
    from judged
)

select
    member_id as member_key,
    unionid as union_key,
    tb_ouid as tb_key,
    phone_hash as phone_key,
    platform,
    shop_id,
    level,
    joined_at,
    baby_no,
    case when is_birthday_plausible then birthday end as born_on,
    case when is_birthday_plausible then if(is_month, 'month', 'day') end as born_precision,
    case
        when stated_due_on <= known_on + interval 300 days
            and stated_due_on >= date '2000-01-01'
            then stated_due_on
    end as due_on,
    is_birthday_plausible,
    known_on,
    -- silence is no consent
    coalesce(consent_marketing, false) as consent_marketing,
    source,
    load_no,
    source_version,
    row_hash,
    landed_on,
    source_file
from moved
