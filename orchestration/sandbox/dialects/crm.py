"""How a brand's CRM exports the sandbox's members: a member's babies together, line by line."""

from orchestration.sandbox.dialects import Extract

_COLUMNS = (
    "member_id,unionid,tb_ouid,phone_hash,level,joined_at,baby_no,baby_birthday,due_date,"
    "baby_gender,stage_by_crm,source,consent_marketing,member_name,mobile,updated_at"
)
_TIME = "'%Y-%m-%d %H:%M:%S'"

# a member is exported again, whole, when another baby is entered; one birthday in nine is known to
# the month only
_MEMBERS = f"""
    select 'brand-crm' as shop_id, bucket_no, member_id as record_key, modified_at,
        string_agg(line || ',' || strftime(modified_at, {_TIME}), chr(10) order by baby_no)
            as record
    from (
        select bucket_no, baby_no, 'M' || lpad(cast(member_no as varchar), 7, '0') as member_id,
            max(recorded_at) over (partition by member_no, bucket_no) as modified_at,
            bool_or(recorded_at >= bucket_start) over (partition by member_no, bucket_no)
                as is_touched,
            concat_ws(',', 'M' || lpad(cast(member_no as varchar), 7, '0'),
                coalesce(union_id, ''), coalesce(tb_buyer_id, ''), md5(phone), level,
                strftime(joined_at, {_TIME}), baby_no,
                coalesce(left(
                    cast(birthday as varchar),
                    if(member_no % 9 = 4 and birthday > date '2000-01-01', 7, 10)
                ), ''),
                coalesce(cast(due_date as varchar), ''), coalesce(gender, 2), '', source,
                coalesce(consent, 0), name, phone
            ) as line
        from members
        join (
            select *, cast(last_day + 1 as timestamp) as bucket_end,
                cast(if(bucket_no = 0, date '1970-01-01', first_day) as timestamp) as bucket_start
            from buckets
        ) on recorded_at < bucket_end
    )
    where is_touched
    group by bucket_no, member_id, modified_at
"""

EXTRACTS = (Extract("crm", "members", _MEMBERS, header=_COLUMNS, extension="csv"),)
