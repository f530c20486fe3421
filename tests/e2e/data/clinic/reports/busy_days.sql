select date(v.starts_at) as day, count(*) as visits
from visits v
join patients p on p.id = v.patient_id
where p.email is not null
group by date(v.starts_at);
