-- Talks with staff of the brand in WeCom, of contacts who are members and ever bought.
with contacts as (
    select distinct contacts.contact_key, customers.customer_id
    from {{ ref('stg_wecom__contacts') }} as contacts
    inner join {{ ref('stg_crm__members') }} as members
        on members.union_key = contacts.union_key
    inner join {{ ref('int_customer_members') }} as customers
        on customers.member_key = members.member_key
)

select
    contacts.customer_id,
    talks.ds,
    cast(sum(talks.chats) as double) as chats,
    cast(sum(talks.messages) as double) as messages
from {{ ref('stg_wecom__interactions') }} as talks
inner join contacts using (contact_key)
group by all
