DELETE FROM attendance_correction WHERE attendance_correction.id IN (__[POSTCOMPILE_id_1])

DELETE FROM attendance_minute WHERE attendance_minute.zone = :zone_1 AND attendance_minute.minute_at <= :minute_at_1

DELETE FROM email_opt_out WHERE email_opt_out.address = :address_1

DELETE FROM email_opt_out WHERE email_opt_out.address = :address_1 OR email_opt_out.token = :token_1

DELETE FROM email_recipient WHERE email_recipient.email_id = :email_id_1 AND email_recipient.state IN (__[POSTCOMPILE_state_1])

DELETE FROM fmi_sensor WHERE fmi_sensor.station = :station_1 AND (fmi_sensor.name NOT IN (__[POSTCOMPILE_name_1]))

DELETE FROM fmi_sensor_day WHERE fmi_sensor_day.day < :day_1

DELETE FROM sms_opt_out WHERE sms_opt_out.number = :number_1

DELETE FROM sms_report WHERE sms_report.id IN (__[POSTCOMPILE_id_1])

DELETE FROM sms_report WHERE sms_report.received_ms < (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_1

INSERT INTO attendance (zone) VALUES (:zone)

INSERT INTO attendance_correction (zone, present, delta, author, reason) OUTPUT inserted.id VALUES (:zone, :present, :delta, :author, :reason)

INSERT INTO attendance_minute (zone, minute_at, minutes, present, known, estimated, entries, exits, uncertainty, present_limit) VALUES (:zone, :minute_at, :minutes, :present, :known, :estimated, :entries, :exits, :uncertainty, :present_limit)

INSERT INTO email (recipient, subject) OUTPUT inserted.id VALUES (:recipient, :subject)

INSERT INTO email (recipient, subject, text_body, reference, expires_at, priority, source) OUTPUT inserted.id VALUES (:recipient, :subject, :text_body, :reference, :expires_at, :priority, :source)

INSERT INTO email_attachment (email_id, name, content) OUTPUT inserted.id VALUES (:email_id, :name, :content)

INSERT INTO email_opt_out (address, source) OUTPUT inserted.id VALUES (:address, :source)

INSERT INTO email_opt_out (token, source) OUTPUT inserted.id VALUES (:token, :source)

INSERT INTO email_recipient (email_id, address, state, error) OUTPUT inserted.id VALUES (:email_id, :address, :state, :error)

INSERT INTO fmi_sensor (station, name, zone, from_zone, known, state, reason, since, seen_at, seen_ms, entries, exits, memory) VALUES (:station, :name, :zone, :from_zone, :known, :state, :reason, :since, :seen_at, :seen_ms, :entries, :exits, :memory)

INSERT INTO fmi_sensor_day (station, name, day, entries, exits, blind_seconds, blind_times) VALUES (:station, :name, :day, :entries, :exits, :blind_seconds, :blind_times)

INSERT INTO lease (name) VALUES (:name)

INSERT INTO operation_run (operation, occurrence, station, process, outcome, started_at, started_ms, finished_at, finished_ms, summary) OUTPUT inserted.id VALUES (:o_operation, :o_name, :o_station, :o_process, :o_outcome, (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), :o_summary)

INSERT INTO operation_run (operation, occurrence, station, process, outcome, started_at, started_ms, finished_at, finished_ms, summary) OUTPUT inserted.id VALUES (:r_operation, :r_occurrence, :r_station, :r_process, :r_outcome, (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :r_milliseconds) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :r_milliseconds) / 1000) / 60, CAST('19700101' AS datetime2(0))))), ((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :r_milliseconds), (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), :r_summary)

INSERT INTO operation_run (operation, occurrence, station, process, outcome, started_at, started_ms, summary) OUTPUT inserted.id VALUES (:o_operation, :o_name, :o_station, :o_process, :o_outcome, (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), :o_summary)

INSERT INTO outbox_attempt (channel, message_id, attempt, station, token, began_ms, ended_ms, outcome, reference, error) SELECT :param_1 AS anon_1, email.id, email.attempts, :m_station AS anon_2, :m_presented AS anon_3, email.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now_ms_1, :m_outcome AS anon_4, :m_reference AS anon_5, :m_error AS anon_6 FROM email WHERE email.id = :m_id

INSERT INTO outbox_attempt (channel, message_id, attempt, station, token, began_ms, ended_ms, outcome, reference, error) SELECT :param_1 AS anon_1, email.id, email.attempts, :m_station AS anon_2, :m_presented AS anon_3, email.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now_ms_1, :m_outcome AS anon_4, email.message_id, :m_error AS anon_5 FROM email WHERE email.state = :state_1 AND email.claim_token < :m_token

INSERT INTO outbox_attempt (channel, message_id, attempt, station, token, began_ms, ended_ms, outcome, reference, error) SELECT :param_1 AS anon_1, sms.id, sms.attempts, :m_station AS anon_2, :m_presented AS anon_3, sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now_ms_1, :m_outcome AS anon_4, :m_reference AS anon_5, :m_error AS anon_6 FROM sms WHERE sms.id = :m_id

INSERT INTO outbox_attempt (channel, message_id, attempt, station, token, began_ms, ended_ms, outcome, reference, error) SELECT :param_1 AS anon_1, sms.id, sms.attempts, :m_station AS anon_2, :m_presented AS anon_3, sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now_ms_1, :m_outcome AS anon_4, sms.provider_reference, :m_error AS anon_5 FROM sms WHERE sms.state = :state_1 AND sms.claim_token < :m_token

INSERT INTO sms (recipient, body) OUTPUT inserted.id VALUES (:recipient, :body)

INSERT INTO sms (recipient, body, reference, expires_at, priority, source) OUTPUT inserted.id VALUES (:recipient, :body, :reference, :expires_at, :priority, :source)

INSERT INTO sms_opt_out (number, source, words, wish) VALUES (:number, :source, :words, :wish)

INSERT INTO sms_received ([identity], sender, body, received_at, wish) OUTPUT inserted.id VALUES (:identity, :sender, :body, :received_at, :wish)

INSERT INTO sms_report (fate, provider_reference, sent_as, reported_at, reason, received_ms) OUTPUT inserted.id VALUES (:fate, :provider_reference, :sent_as, :reported_at, :reason, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())))

INSERT INTO station (name, process, version, state, holds, seen_at, seen_ms, [plan]) VALUES (:s_name, :s_process, :s_version, :s_state, :s_holds, (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), :s_plan)

SELECT (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now_ms_1

SELECT TOP __[POSTCOMPILE_param_1] attendance_correction.id FROM attendance_correction WHERE attendance_correction.created_at < :created_at_1 AND (attendance_correction.state = :state_1 OR attendance_correction.state = :state_2) ORDER BY attendance_correction.created_at

SELECT TOP __[POSTCOMPILE_param_1] attendance_correction.id FROM attendance_correction WHERE attendance_correction.state = :state_1

SELECT TOP __[POSTCOMPILE_param_1] attendance_correction.id, attendance_correction.zone, attendance_correction.present, attendance_correction.delta, attendance_correction.author, attendance_correction.reason, attendance_correction.created_at, attendance_correction.state, attendance_correction.kind, attendance_correction.before_present, attendance_correction.after_present, attendance_correction.applied_at, attendance_correction.error FROM attendance_correction WHERE attendance_correction.state = :state_1 ORDER BY attendance_correction.id

SELECT TOP __[POSTCOMPILE_param_1] attendance_correction.id, attendance_correction.zone, attendance_correction.present, attendance_correction.delta, attendance_correction.author, attendance_correction.reason, attendance_correction.created_at, attendance_correction.state, attendance_correction.kind, attendance_correction.before_present, attendance_correction.after_present, attendance_correction.applied_at, attendance_correction.error FROM attendance_correction WHERE attendance_correction.zone = :zone_1 AND attendance_correction.created_at >= :created_at_1 ORDER BY attendance_correction.id DESC

SELECT TOP __[POSTCOMPILE_param_1] attendance_minute.minute_at, attendance_minute.minutes, attendance_minute.present, attendance_minute.known, attendance_minute.estimated, attendance_minute.entries, attendance_minute.exits, attendance_minute.uncertainty, attendance_minute.present_limit FROM attendance_minute WHERE attendance_minute.zone = :zone_1 AND attendance_minute.minute_at < :minute_at_1 ORDER BY attendance_minute.minute_at DESC

SELECT TOP __[POSTCOMPILE_param_1] attendance_minute.zone, attendance_minute.minute_at FROM attendance_minute WHERE attendance_minute.minute_at < :minute_at_1 ORDER BY attendance_minute.minute_at

SELECT TOP __[POSTCOMPILE_param_1] attendance_minute.zone, attendance_minute.minute_at, attendance_minute.minutes, attendance_minute.present, attendance_minute.known, attendance_minute.estimated, attendance_minute.entries, attendance_minute.exits, attendance_minute.uncertainty, attendance_minute.present_limit FROM attendance_minute WHERE attendance_minute.zone = :h_zone AND attendance_minute.minute_at <= :h_at ORDER BY attendance_minute.minute_at DESC

SELECT TOP __[POSTCOMPILE_param_1] club_schema.revision, club_schema.min_revision, club_schema.min_app FROM club_schema ORDER BY club_schema.revision DESC

SELECT TOP __[POSTCOMPILE_param_1] email.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM email WHERE email.began_ms > (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_2 ORDER BY email.began_ms DESC

SELECT TOP __[POSTCOMPILE_param_1] email.due_ms, email.created_at, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM email WHERE email.state = :state_1 AND email.priority = :priority_1 AND email.due_ms <= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) ORDER BY email.due_ms, email.id

SELECT TOP __[POSTCOMPILE_param_1] email.id FROM email WHERE email.state = :state_1 AND email.priority = :priority_1 AND email.due_ms > (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :m_longest AND email.attempts > :attempts_1

SELECT TOP __[POSTCOMPILE_param_1] email.id, email.due_ms, email.not_before, email.expires_at, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM email WITH (UPDLOCK, READPAST, ROWLOCK, READCOMMITTEDLOCK) WHERE email.state = :state_1 AND email.priority = :priority_1 AND email.due_ms <= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AND email.claim_token < :m_token ORDER BY email.due_ms, email.id

SELECT TOP __[POSTCOMPILE_param_1] email.id, email.due_ms, email.not_before, email.expires_at, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM email WITH (UPDLOCK, READPAST, ROWLOCK, READCOMMITTEDLOCK) WHERE email.state = :state_1 AND email.priority = :priority_1 AND email.due_ms > :due_ms_1 AND email.due_ms <= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AND email.claim_token < :m_token ORDER BY email.due_ms, email.id

SELECT TOP __[POSTCOMPILE_param_1] email.id, email.expires_at, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM email WHERE email.state = :state_1 AND email.priority = :priority_1 AND email.due_ms <= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AND email.expires_at <= (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0)))))

SELECT TOP __[POSTCOMPILE_param_1] email.id, email.state, email.attempts, email.created_at, email.sent_at, email.due_ms, email.error, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now, email.subject, email.reference, email.source FROM email ORDER BY email.id DESC

SELECT TOP __[POSTCOMPILE_param_1] email.id, email.state, email.attempts, email.created_at, email.sent_at, email.due_ms, email.error, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now, email.subject, email.reference, email.source FROM email WHERE coalesce(email.state, :coalesce_1) IN (__[POSTCOMPILE_coalesce_2]) AND email.id < :id_1 ORDER BY email.id DESC

SELECT TOP __[POSTCOMPILE_param_1] email.id, email.state, email.attempts, email.created_at, email.sent_at, email.due_ms, email.error, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now, email.subject, email.reference, email.source FROM email WHERE email.state IN (__[POSTCOMPILE_state_1]) ORDER BY email.id DESC

SELECT TOP __[POSTCOMPILE_param_1] email_opt_out.id, email_opt_out.address, email_opt_out.token, email_opt_out.at, email_opt_out.source FROM email_opt_out ORDER BY email_opt_out.at DESC, email_opt_out.id DESC

SELECT TOP __[POSTCOMPILE_param_1] operation_run.id FROM operation_run WHERE operation_run.started_ms < (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_2 AND operation_run.outcome != :outcome_1 ORDER BY operation_run.started_ms

SELECT TOP __[POSTCOMPILE_param_1] operation_run.id, operation_run.operation, operation_run.occurrence, operation_run.station, operation_run.process, operation_run.outcome, operation_run.started_at, operation_run.started_ms, operation_run.finished_at, operation_run.finished_ms, operation_run.summary FROM operation_run WHERE operation_run.operation = :operation_1 AND operation_run.outcome IN (__[POSTCOMPILE_outcome_1]) ORDER BY operation_run.id DESC

SELECT TOP __[POSTCOMPILE_param_1] operation_run.id, operation_run.operation, operation_run.occurrence, operation_run.station, operation_run.process, operation_run.outcome, operation_run.started_at, operation_run.started_ms, operation_run.finished_at, operation_run.finished_ms, operation_run.summary FROM operation_run WHERE operation_run.operation = :operation_1 ORDER BY operation_run.id DESC

SELECT TOP __[POSTCOMPILE_param_1] sms.id FROM sms WHERE sms.provider_reference = :provider_reference_1 AND sms.id != :id_1

SELECT TOP __[POSTCOMPILE_param_1] sms.id, sms.claim_id, sms.attempts, sms.began_ms, sms.sent_as, sms.provider_reference, sms.number, sms.body, sms.category, sms.expires_at FROM sms WHERE sms.state = :state_1 AND sms.id > :id_1 AND sms.began_ms <= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_2 AND sms.began_ms >= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_3 AND sms.number IS NOT NULL AND sms.claim_id IS NOT NULL ORDER BY sms.id

SELECT TOP __[POSTCOMPILE_param_1] sms.id, sms.due_ms, sms.not_before, sms.expires_at, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM sms WITH (UPDLOCK, READPAST, ROWLOCK, READCOMMITTEDLOCK) WHERE sms.state = :state_1 AND sms.priority = :priority_1 AND sms.due_ms <= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AND sms.claim_token < :m_token ORDER BY sms.due_ms, sms.id

SELECT TOP __[POSTCOMPILE_param_1] sms.id, sms.provider_reference, sms.sent_as FROM sms WHERE sms.began_ms >= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_2 AND sms.state = :state_1 AND sms.provider_reference IS NOT NULL AND sms.id > :id_1 ORDER BY sms.id

SELECT TOP __[POSTCOMPILE_param_1] sms.id, sms.state, sms.attempts, sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM sms WHERE sms.provider_reference = :provider_reference_1 ORDER BY sms.id DESC

SELECT TOP __[POSTCOMPILE_param_1] sms.id, sms.state, sms.attempts, sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM sms WHERE sms.sent_as = :sent_as_1 ORDER BY sms.id DESC

SELECT TOP __[POSTCOMPILE_param_1] sms.id, sms.state, sms.attempts, sms.created_at, sms.sent_at, sms.due_ms, sms.error, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now, sms.recipient, sms.category, sms.reference, sms.source, sms.number, sms.parts, sms.delivered_at, sms.client_id, sms.sent_as FROM sms WHERE coalesce(sms.state, :coalesce_1) IN (__[POSTCOMPILE_coalesce_2]) ORDER BY sms.id DESC

SELECT TOP __[POSTCOMPILE_param_1] sms.id, sms.state, sms.attempts, sms.created_at, sms.sent_at, sms.due_ms, sms.error, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now, sms.recipient, sms.category, sms.reference, sms.source, sms.number, sms.parts, sms.delivered_at, sms.client_id, sms.sent_as FROM sms WHERE sms.state IN (__[POSTCOMPILE_state_1]) ORDER BY sms.id DESC

SELECT TOP __[POSTCOMPILE_param_1] sms_opt_out.number, sms_opt_out.at, sms_opt_out.source, sms_opt_out.words, sms_opt_out.wish FROM sms_opt_out ORDER BY sms_opt_out.at DESC, sms_opt_out.number

SELECT TOP __[POSTCOMPILE_param_1] sms_report.id FROM sms_report

SELECT TOP __[POSTCOMPILE_param_1] sms_report.id, sms_report.fate, sms_report.provider_reference, sms_report.sent_as, sms_report.reported_at, sms_report.reason, sms_report.received_ms FROM sms_report JOIN sms ON sms_report.provider_reference = sms.provider_reference ORDER BY sms_report.id

SELECT TOP __[POSTCOMPILE_param_1] sms_report.id, sms_report.fate, sms_report.provider_reference, sms_report.sent_as, sms_report.reported_at, sms_report.reason, sms_report.received_ms FROM sms_report JOIN sms ON sms_report.sent_as = sms.sent_as ORDER BY sms_report.id

SELECT attendance.zone FROM attendance WHERE attendance.zone IN (__[POSTCOMPILE_a_zones])

SELECT attendance.zone, attendance.present, attendance.known, attendance.since, attendance.reason, attendance.present_limit, attendance.level, attendance.day, attendance.day_total, attendance.day_limit, attendance.day_level, attendance.uncertainty, attendance.estimated_since, attendance.updated_at, attendance.balance, attendance.anchor_ms, attendance.day_entries, attendance.passages, attendance.lost, attendance.below, attendance.below_ms, attendance.crossings, attendance.told, attendance.minute_ms, attendance.minute_count, attendance.minute_quiet FROM attendance WITH (UPDLOCK, ROWLOCK) WHERE attendance.zone IN (__[POSTCOMPILE_a_zones]) ORDER BY attendance.zone

SELECT attendance.zone, attendance.present, attendance.known, attendance.since, attendance.reason, attendance.present_limit, attendance.level, attendance.day, attendance.day_total, attendance.day_limit, attendance.day_level, attendance.uncertainty, attendance.estimated_since, attendance.updated_at, attendance.balance, attendance.anchor_ms, attendance.day_entries, attendance.passages, attendance.lost, attendance.below, attendance.below_ms, attendance.crossings, attendance.told, attendance.minute_ms, attendance.minute_count, attendance.minute_quiet, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM attendance ORDER BY attendance.zone

SELECT attendance_correction.id, attendance_correction.zone, attendance_correction.present, attendance_correction.delta, attendance_correction.author, attendance_correction.reason, attendance_correction.created_at, attendance_correction.state, attendance_correction.kind, attendance_correction.before_present, attendance_correction.after_present, attendance_correction.applied_at, attendance_correction.error FROM attendance_correction WHERE attendance_correction.id = :id_1

SELECT attendance_minute.minute_at, attendance_minute.minutes, attendance_minute.present, attendance_minute.known, attendance_minute.estimated, attendance_minute.entries, attendance_minute.exits, attendance_minute.uncertainty, attendance_minute.present_limit FROM attendance_minute WHERE attendance_minute.zone = :zone_1 AND attendance_minute.minute_at >= :minute_at_1 AND attendance_minute.minute_at < :minute_at_2 ORDER BY attendance_minute.minute_at

SELECT count(*) AS count_1 FROM email WHERE email.state = :state_1

SELECT count(*) AS count_1 FROM sms_report

SELECT email.id FROM email WHERE email.reference = :r

SELECT email.id, email.recipient, email.subject, email.text_body, email.html_body, email.reply_to, email.reference, email.not_before, email.expires_at, email.priority, email.source, email.state, email.attempts, email.sent_at, email.error, email.created_at, email.due_ms, email.station, email.claim_id, email.claim_token, email.began_ms, email.message_id, email.category, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM email WHERE email.id = :id_1

SELECT email.id, email.recipient, email.subject, email.text_body, email.html_body, email.reply_to, email.reference, email.not_before, email.expires_at, email.priority, email.source, email.state, email.attempts, email.sent_at, email.error, email.created_at, email.due_ms, email.station, email.claim_id, email.claim_token, email.began_ms, email.message_id, email.category, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM email WHERE email.id IN (__[POSTCOMPILE_m_ids]) ORDER BY email.id

SELECT email.state, count(*) AS count_1 FROM email GROUP BY email.state

SELECT email_attachment.content FROM email_attachment WHERE email_attachment.id = :id_1

SELECT email_attachment.email_id AS owner, email_attachment.id, email_attachment.name, email_attachment.media_type, email_attachment.path, DATALENGTH(email_attachment.content) AS size FROM email_attachment WHERE email_attachment.email_id IN (__[POSTCOMPILE_m_ids]) ORDER BY email_attachment.id

SELECT email_opt_out.address FROM email_opt_out WHERE email_opt_out.address = :address_1

SELECT email_opt_out.address FROM email_opt_out WHERE email_opt_out.address = :address_1 OR email_opt_out.token = :token_1

SELECT email_opt_out.id FROM email_opt_out WHERE email_opt_out.address = :address_1

SELECT email_opt_out.id FROM email_opt_out WHERE email_opt_out.token = :token_1

SELECT email_recipient.address FROM email_recipient WHERE email_recipient.email_id = :email_id_1

SELECT email_recipient.address, email_recipient.state, email_recipient.error FROM email_recipient WHERE email_recipient.email_id = :email_id_1 ORDER BY email_recipient.id

SELECT email_recipient.email_id, email_recipient.address FROM email_recipient WHERE email_recipient.email_id IN (__[POSTCOMPILE_email_id_1]) AND email_recipient.state IN (__[POSTCOMPILE_state_1])

SELECT fmi_sensor.station, fmi_sensor.name, fmi_sensor.zone, fmi_sensor.from_zone, fmi_sensor.known, fmi_sensor.state, fmi_sensor.reason, fmi_sensor.since, fmi_sensor.seen_at, fmi_sensor.seen_ms, fmi_sensor.entries, fmi_sensor.exits, fmi_sensor.memory FROM fmi_sensor WHERE fmi_sensor.station = :station_1

SELECT fmi_sensor.station, fmi_sensor.name, fmi_sensor.zone, fmi_sensor.from_zone, fmi_sensor.known, fmi_sensor.state, fmi_sensor.reason, fmi_sensor.since, fmi_sensor.seen_at, fmi_sensor.seen_ms, fmi_sensor.entries, fmi_sensor.exits, fmi_sensor.memory, fmi_sensor_day.entries AS d_in, fmi_sensor_day.exits AS d_out FROM fmi_sensor LEFT OUTER JOIN fmi_sensor_day ON fmi_sensor_day.station = fmi_sensor.station AND fmi_sensor_day.name = fmi_sensor.name AND fmi_sensor_day.day = :a_day ORDER BY fmi_sensor.station, fmi_sensor.name

SELECT fmi_sensor_day.station, fmi_sensor_day.name, fmi_sensor_day.day, fmi_sensor_day.entries, fmi_sensor_day.exits, fmi_sensor_day.blind_seconds, fmi_sensor_day.blind_times FROM fmi_sensor_day WHERE fmi_sensor_day.day >= :day_1 ORDER BY fmi_sensor_day.station, fmi_sensor_day.name, fmi_sensor_day.day

SELECT lease.name, lease.station, lease.process, lease.token, lease.expires_ms, lease.ttl_ms, lease.renewals, lease.acquired_at, lease.expires_at, lease.wanted, lease.candidates, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now_ms FROM lease

SELECT lease.name, lease.station, lease.process, lease.token, lease.expires_ms, lease.ttl_ms, lease.renewals, lease.acquired_at, lease.expires_at, lease.wanted, lease.candidates, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now_ms FROM lease WHERE lease.name = :lease_name

SELECT lease.token FROM lease WHERE lease.name = :name_1

SELECT max(operation_run.occurrence) AS max_1 FROM operation_run WHERE operation_run.operation = :o_operation AND operation_run.occurrence >= :occurrence_1 AND operation_run.occurrence < :occurrence_2 AND operation_run.occurrence <= :o_until

SELECT operation_run.id, operation_run.operation, operation_run.occurrence, operation_run.station, operation_run.process, operation_run.outcome, operation_run.started_at, operation_run.started_ms, operation_run.finished_at, operation_run.finished_ms, operation_run.summary, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM operation_run WHERE operation_run.operation = :o_operation AND operation_run.occurrence IN (__[POSTCOMPILE_o_names])

SELECT outbox_attempt.attempt, outbox_attempt.station, outbox_attempt.began_ms, outbox_attempt.ended_ms, outbox_attempt.outcome, outbox_attempt.reference, outbox_attempt.error FROM outbox_attempt WHERE outbox_attempt.channel = :channel_1 AND outbox_attempt.message_id = :message_id_1 ORDER BY outbox_attempt.id

SELECT sms.id FROM sms WHERE sms.reference = :r

SELECT sms.id, sms.claim_id, sms.sent_as FROM sms WHERE sms.id IN (__[POSTCOMPILE_m_ids])

SELECT sms.id, sms.recipient, sms.body, sms.category, sms.client_id, sms.reference, sms.not_before, sms.expires_at, sms.priority, sms.source, sms.state, sms.attempts, sms.sent_at, sms.error, sms.created_at, sms.due_ms, sms.station, sms.claim_id, sms.claim_token, sms.began_ms, sms.delivered_at, sms.provider_reference, sms.number, sms.parts, sms.sent_as, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM sms WHERE sms.id = :id_1

SELECT sms.id, sms.recipient, sms.body, sms.category, sms.client_id, sms.reference, sms.not_before, sms.expires_at, sms.priority, sms.source, sms.state, sms.attempts, sms.sent_at, sms.error, sms.created_at, sms.due_ms, sms.station, sms.claim_id, sms.claim_token, sms.began_ms, sms.delivered_at, sms.provider_reference, sms.number, sms.parts, sms.sent_as, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM sms WHERE sms.id IN (__[POSTCOMPILE_m_ids]) ORDER BY sms.id

SELECT sms.state, count(*) AS count_1 FROM sms GROUP BY sms.state

SELECT sms_opt_out.number FROM sms_opt_out WHERE sms_opt_out.number IN (__[POSTCOMPILE_number_1])

SELECT sms_opt_out.wish FROM sms_opt_out WHERE sms_opt_out.number = :number_1

SELECT sms_received.id FROM sms_received WHERE sms_received.[identity] = :identity_1

SELECT station.name, station.process, station.version, station.state, station.holds, station.started_at, station.seen_at, station.seen_ms, station.[plan], (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AS now FROM station ORDER BY station.name

SELECT sum(CASE WHEN (sms.began_ms > (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_1) THEN coalesce(sms.parts, :coalesce_1) ELSE :param_2 END) AS sum_1, min(CASE WHEN (sms.began_ms > (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_1) THEN sms.began_ms END) AS min_1, sum(CASE WHEN (sms.began_ms >= :param_3) THEN coalesce(sms.parts, :coalesce_1) ELSE :param_4 END) AS sum_2 FROM sms WHERE sms.began_ms >= CASE WHEN (:param_3 < (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_5) THEN :param_3 ELSE (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) - :param_6 END AND (sms.state IN (__[POSTCOMPILE_state_1]) OR sms.sent_at IS NOT NULL)

UPDATE attendance SET present=:a_present, known=:a_known, since=:a_since, reason=:a_reason, present_limit=:a_present_limit, level=:a_level, day=:a_day, day_total=:a_day_total, day_limit=:a_day_limit, day_level=:a_day_level, uncertainty=:a_uncertainty, estimated_since=:a_estimated_since, updated_at=:a_updated_at, balance=:a_balance, anchor_ms=:a_anchor_ms, day_entries=:a_day_entries, passages=:a_passages, lost=:a_lost, below=:a_below, below_ms=:a_below_ms, crossings=:a_crossings, told=:a_told, minute_ms=:a_minute_ms, minute_count=:a_minute_count, minute_quiet=:a_minute_quiet WHERE attendance.zone = :a_zone

UPDATE attendance_correction SET state=:c_state, before_present=:c_before, after_present=:c_after, applied_at=:c_at, error=:c_error WHERE attendance_correction.id = :c_id AND attendance_correction.state = :state_1

UPDATE attendance_minute SET entries=(attendance_minute.entries + :h_entries), exits=(attendance_minute.exits + :h_exits) WHERE attendance_minute.zone = :h_zone AND attendance_minute.minute_at = :h_at

UPDATE attendance_minute SET known=:known WHERE attendance_minute.zone = :h_zone AND attendance_minute.minute_at >= :h_at

UPDATE attendance_minute SET minutes=:h_minutes WHERE attendance_minute.zone = :h_zone AND attendance_minute.minute_at = :h_at

UPDATE attendance_minute SET minutes=:h_minutes, present=:h_present, known=:h_known, estimated=:h_estimated, entries=:h_entries, exits=:h_exits, uncertainty=:h_uncertainty, present_limit=:h_present_limit WHERE attendance_minute.zone = :h_zone AND attendance_minute.minute_at = :h_at

UPDATE attendance_minute SET present=:h_present, known=CASE WHEN (attendance_minute.known < :h_known) THEN attendance_minute.known ELSE :h_known END, estimated=:h_estimated, entries=(attendance_minute.entries + :h_entries), exits=(attendance_minute.exits + :h_exits), uncertainty=:h_uncertainty, present_limit=:h_present_limit WHERE attendance_minute.zone = :h_zone AND attendance_minute.minute_at = :h_at

UPDATE attendance_minute SET present=CASE WHEN (attendance_minute.present + :h_shift < :param_1) THEN :param_2 ELSE attendance_minute.present + :h_shift END WHERE attendance_minute.zone = :h_zone AND attendance_minute.minute_at >= :h_at AND attendance_minute.minute_at < :h_until

UPDATE email SET attempts=(email.attempts + :attempts_1), state=:state, began_ms=(DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), message_id=coalesce(:m_leaves_as, email.message_id) WHERE email.id = :m_id AND email.claim_id = :m_claim AND email.state = :state_1 AND (EXISTS (SELECT * FROM lease WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token))

UPDATE email SET attempts=CASE WHEN (email.id = :m_id) THEN CASE WHEN (email.state = :state_1) THEN email.attempts + :attempts_1 ELSE email.attempts END ELSE email.attempts + :attempts_2 END, state=CASE WHEN (email.id = :m_id) THEN 'sent' ELSE 'sending' END, sent_at=CASE WHEN (email.id = :m_id) THEN (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))) ELSE email.sent_at END, began_ms=CASE WHEN (email.id = :m_id) THEN email.began_ms ELSE (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) END, message_id=CASE WHEN (email.id = :m_id) THEN :m_reference ELSE coalesce(:m_leaves_as, email.message_id) END, error=CASE WHEN (email.id = :m_id) THEN :m_error ELSE email.error END WHERE email.id IN (:m_id, :m_next) AND (email.id = :m_id AND email.claim_id = :m_claim AND (email.state = :state_2 OR email.state = :state_3 OR email.state = :state_4) OR email.id = :m_next AND email.claim_id = :m_next_claim AND email.state = :state_5 AND (EXISTS (SELECT * FROM lease WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token)))

UPDATE email SET attempts=CASE WHEN (email.state = :state_1) THEN email.attempts + :attempts_1 ELSE email.attempts END, state=:state, error=:m_error, due_ms=((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :m_delay), message_id=NULL, claim_id=NULL, claim_token=:claim_token WHERE email.id = :m_id AND email.claim_id = :m_claim AND (email.state = :state_2 OR email.state = :state_3 OR email.state = :state_4)

UPDATE email SET attempts=CASE WHEN (email.state = :state_1) THEN email.attempts + :attempts_1 ELSE email.attempts END, state=:state, error=:m_error, message_id=:m_reference WHERE email.id = :m_id AND email.claim_id = :m_claim AND (email.state = :state_2 OR email.state = :state_3 OR email.state = :state_4)

UPDATE email SET attempts=CASE WHEN (email.state = :state_1) THEN email.attempts + :attempts_1 ELSE email.attempts END, state=:state, error=:m_error, message_id=NULL WHERE email.id = :m_id AND email.claim_id = :m_claim AND (email.state = :state_2 OR email.state = :state_3 OR email.state = :state_4)

UPDATE email SET attempts=CASE WHEN (email.state = :state_1) THEN email.attempts + :attempts_1 ELSE email.attempts END, state=:state, sent_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), message_id=:m_reference, error=:m_error WHERE email.id = :m_id AND email.claim_id = :m_claim AND (email.state = :state_2 OR email.state = :state_3 OR email.state = :state_4)

UPDATE email SET claim_id=:claim_id, claim_token=:claim_token WHERE email.id IN (__[POSTCOMPILE_m_ids]) AND email.claim_id = :m_claim AND coalesce(email.state, :coalesce_1) = :coalesce_2

UPDATE email SET due_ms=:due_ms WHERE email.id IN (__[POSTCOMPILE_m_ids]) AND coalesce(email.state, :coalesce_1) = :coalesce_2

UPDATE email SET error=:error, due_ms=:due_ms WHERE email.state = :state_1 AND email.due_ms > (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) AND email.attempts = :attempts_1 AND email.error IS NOT NULL

UPDATE email SET error=:m_error, due_ms=((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :m_delay), claim_id=:claim_id, claim_token=:claim_token WHERE email.id IN (__[POSTCOMPILE_m_ids]) AND email.claim_id = :m_claim AND coalesce(email.state, :coalesce_1) = :coalesce_2

UPDATE email SET expires_at=:expires_at WHERE email.id = :id_1 AND (email.state IN (__[POSTCOMPILE_state_1]) OR email.state = :state_2 AND email.due_ms > :due_ms_1) AND email.expires_at <= (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0)))))

UPDATE email SET state=:state, attempts=:attempts, error=:error, due_ms=:due_ms, claim_id=:claim_id, claim_token=:claim_token WHERE email.id = :id_1 AND (email.state IN (__[POSTCOMPILE_state_1]) OR email.state = :state_2 AND email.due_ms > :due_ms_1)

UPDATE email SET state=:state, error=:error, due_ms=:due_ms, claim_id=:claim_id, claim_token=:claim_token WHERE email.id = :id_1 AND email.state = :state_1

UPDATE email SET state=:state, error=:m_error WHERE email.state = :state_1 AND email.claim_token < :m_token

UPDATE email SET state=:state, sent_at=(DATEADD(second, ((email.began_ms) / 1000) % 60, DATEADD(minute, ((email.began_ms) / 1000) / 60, CAST('19700101' AS datetime2(0))))), error=:error WHERE email.id = :id_1 AND email.state = :state_1

UPDATE email SET station=:m_station, claim_id=:m_claim, claim_token=:m_token WHERE email.id IN (__[POSTCOMPILE_m_ids]) AND coalesce(email.state, :coalesce_1) = :coalesce_2

UPDATE email_opt_out SET address=:address WHERE email_opt_out.token = :token_1 AND email_opt_out.address IS NULL

UPDATE email_recipient SET state=:state WHERE email_recipient.email_id = :email_id_1 AND email_recipient.state = :state_1

UPDATE email_recipient SET state=:state, error=:error WHERE email_recipient.email_id = :email_id_1 AND email_recipient.state = :state_1

UPDATE fmi_sensor SET zone=:a_zone, from_zone=:a_from_zone, known=:a_known, state=:a_state, reason=:a_reason, since=:a_since, seen_at=:a_seen_at, seen_ms=:a_seen_ms, entries=:a_entries, exits=:a_exits, memory=:a_memory WHERE fmi_sensor.station = :a_station AND fmi_sensor.name = :a_name

UPDATE fmi_sensor_day SET entries=(fmi_sensor_day.entries + :a_entries), exits=(fmi_sensor_day.exits + :a_exits), blind_seconds=(fmi_sensor_day.blind_seconds + :a_blind_seconds), blind_times=(fmi_sensor_day.blind_times + :a_blind_times) WHERE fmi_sensor_day.station = :a_station AND fmi_sensor_day.name = :a_name AND fmi_sensor_day.day = :a_day

UPDATE lease SET expires_ms=((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl), ttl_ms=:ttl, renewals=(lease.renewals + :renewals_1), expires_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) / 60, CAST('19700101' AS datetime2(0))))) WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token

UPDATE lease SET expires_ms=((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl), ttl_ms=:ttl, renewals=(lease.renewals + :renewals_1), expires_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) / 60, CAST('19700101' AS datetime2(0))))), candidates=:own_candidates WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token

UPDATE lease SET station=:new_station, process=:new_process, token=CASE WHEN (lease.token <= :token_floor AND :token_floor >= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) THEN :token_floor + :param_1 WHEN (lease.token >= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) THEN lease.token + :token_1 ELSE (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) END, expires_ms=((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl), ttl_ms=:ttl, renewals=(lease.renewals + :renewals_1), acquired_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), expires_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) / 60, CAST('19700101' AS datetime2(0))))), wanted=:kept_wanted WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token AND lease.wanted = :seen_wanted

UPDATE lease SET station=:new_station, process=:new_process, token=CASE WHEN (lease.token <= :token_floor AND :token_floor >= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) THEN :token_floor + :param_1 WHEN (lease.token >= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) THEN lease.token + :token_1 ELSE (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) END, expires_ms=((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl), ttl_ms=:ttl, renewals=(lease.renewals + :renewals_1), acquired_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), expires_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) / 60, CAST('19700101' AS datetime2(0))))), wanted=CASE WHEN (lease.wanted = :seen_wanted) THEN :kept_wanted ELSE lease.wanted END, candidates=:own_candidates WHERE lease.name = :lease_name AND lease.token = :seen_token AND lease.renewals = :seen_renewals

UPDATE lease SET station=:station, process=:process, expires_ms=:expires_ms, renewals=(lease.renewals + :renewals_1), expires_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))) WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token

UPDATE lease SET token=CASE WHEN (lease.token <= :token_floor AND :token_floor >= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) THEN :token_floor + :param_1 WHEN (lease.token >= (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) THEN lease.token + :token_1 ELSE (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) END, expires_ms=((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl), ttl_ms=:ttl, renewals=(lease.renewals + :renewals_1), expires_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) + :ttl) / 1000) / 60, CAST('19700101' AS datetime2(0))))) WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token

UPDATE lease SET wanted=:new_wanted WHERE lease.name = :lease_name AND lease.token = :seen_token

UPDATE lease SET wanted=:wanted WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token AND lease.wanted = :seen_wanted

UPDATE operation_run SET outcome=:o_outcome, finished_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), finished_ms=(DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), summary=coalesce(:o_summary, operation_run.summary) WHERE operation_run.id = :o_id AND operation_run.process = :o_process AND operation_run.outcome = :outcome_1

UPDATE operation_run SET outcome=:outcome, finished_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), finished_ms=(DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())) WHERE operation_run.operation = :o_operation AND operation_run.occurrence = :o_name AND operation_run.process = :o_other AND operation_run.outcome = :outcome_1

UPDATE operation_run SET station=:o_station, process=:o_process, outcome=:o_outcome, started_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), started_ms=(DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), finished_at=:finished_at, finished_ms=:finished_ms, summary=:o_summary WHERE operation_run.operation = :o_operation AND operation_run.occurrence = :o_name AND (operation_run.outcome = :outcome_1 AND operation_run.summary IS NULL OR operation_run.outcome = :outcome_2 AND operation_run.started_ms > (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())))

UPDATE sms SET attempts=(sms.attempts + :attempts_1), state=:state, began_ms=(DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), provider_reference=coalesce(:m_leaves_as, sms.provider_reference) WHERE sms.id = :m_id AND sms.claim_id = :m_claim AND sms.state = :state_1 AND (EXISTS (SELECT * FROM lease WHERE lease.name = :lease_name AND lease.process = :lease_process AND lease.token = :lease_token))

UPDATE sms SET attempts=CASE WHEN (sms.state = :state_1) THEN sms.attempts + :attempts_1 ELSE sms.attempts END, state=:state, error=:m_error, provider_reference=:m_reference WHERE sms.id = :m_id AND sms.claim_id = :m_claim AND (sms.state = :state_2 OR sms.state = :state_3 OR sms.state = :state_4)

UPDATE sms SET attempts=CASE WHEN (sms.state = :state_1) THEN sms.attempts + :attempts_1 ELSE sms.attempts END, state=:state, sent_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), provider_reference=:m_reference, error=:m_error WHERE sms.id = :m_id AND sms.claim_id = :m_claim AND (sms.state = :state_2 OR sms.state = :state_3 OR sms.state = :state_4)

UPDATE sms SET expires_at=:expires_at WHERE sms.id = :id_1 AND (sms.state IN (__[POSTCOMPILE_state_1]) OR sms.state = :state_2 AND sms.due_ms > :due_ms_1) AND sms.expires_at <= (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0)))))

UPDATE sms SET number=:m_number, parts=:m_parts, sent_as=coalesce(sms.sent_as, :m_name) WHERE sms.id = :m_id AND sms.claim_id = :m_claim AND sms.state = :state_1

UPDATE sms SET provider_reference=:m_reference WHERE sms.id = :m_id AND sms.claim_id = :m_claim AND sms.state IN (__[POSTCOMPILE_state_1]) AND sms.provider_reference IS NULL

UPDATE sms SET provider_reference=:provider_reference WHERE sms.id = :id_1

UPDATE sms SET state=:state, attempts=:attempts, sent_at=:sent_at, error=:error, due_ms=:due_ms, claim_id=:claim_id, claim_token=:claim_token, delivered_at=:delivered_at, provider_reference=:provider_reference, sent_as=:sent_as WHERE sms.id = :id_1 AND (sms.state IN (__[POSTCOMPILE_state_1]) OR sms.state = :state_2 AND sms.due_ms > :due_ms_1)

UPDATE sms SET state=:state, error=:error, due_ms=:due_ms, claim_id=:claim_id, claim_token=:claim_token, provider_reference=:provider_reference WHERE sms.id = :id_1 AND sms.state = :state_1 AND sms.claim_id = :claim_id_1 AND sms.attempts = :attempts_1

UPDATE sms SET state=:state, error=:m_error WHERE sms.state = :state_1 AND sms.claim_token < :m_token

UPDATE sms SET state=:state, sent_at=(DATEADD(second, ((coalesce(sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())))) / 1000) % 60, DATEADD(minute, ((coalesce(sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), error=:error, provider_reference=coalesce(:param_1, sms.provider_reference) WHERE sms.id = :id_1 AND sms.state = :state_1 AND sms.claim_id = :claim_id_1 AND sms.attempts = :attempts_1

UPDATE sms SET state=:state, sent_at=coalesce(sms.sent_at, (DATEADD(second, ((coalesce(sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())))) / 1000) % 60, DATEADD(minute, ((coalesce(sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())))) / 1000) / 60, CAST('19700101' AS datetime2(0)))))), error=:error, delivered_at=:delivered_at, provider_reference=coalesce(sms.provider_reference, :param_1) WHERE sms.id = :id_1 AND sms.state = :state_1 AND sms.attempts = :attempts_1

UPDATE sms SET state=:state, sent_at=coalesce(sms.sent_at, (DATEADD(second, ((coalesce(sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())))) / 1000) % 60, DATEADD(minute, ((coalesce(sms.began_ms, (DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())))) / 1000) / 60, CAST('19700101' AS datetime2(0)))))), error=:error, provider_reference=coalesce(sms.provider_reference, :param_1) WHERE sms.id = :id_1 AND sms.state = :state_1 AND sms.attempts = :attempts_1

UPDATE sms SET station=:m_station, claim_id=:m_claim, claim_token=:m_token WHERE sms.id IN (__[POSTCOMPILE_m_ids]) AND coalesce(sms.state, :coalesce_1) = :coalesce_2

UPDATE station SET process=:s_process, version=:s_version, state=:s_state, holds=:s_holds, started_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), seen_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), seen_ms=(DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), [plan]=:s_plan WHERE station.name = :s_name

UPDATE station SET version=:s_version, state=:s_state, holds=:s_holds, seen_at=(DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), seen_ms=(DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME())), [plan]=:s_plan WHERE station.name = :s_name AND station.process = :s_process

-- Heitz Service: for a database without the club's tables. Run it once, as in: sqlcmd -b -I -d club -i club.sql

SET XACT_ABORT ON;
GO

-- revision 1

BEGIN TRANSACTION;
GO

CREATE TABLE club_schema (
    revision INTEGER NOT NULL, 
    name VARCHAR(64) COLLATE Latin1_General_BIN2 NOT NULL, 
    min_revision INTEGER NOT NULL, 
    min_app VARCHAR(32) COLLATE Latin1_General_BIN2 NOT NULL, 
    applied_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    PRIMARY KEY (revision)
);

GO

CREATE TABLE email (
    id BIGINT NOT NULL IDENTITY, 
    recipient NVARCHAR(max) NOT NULL, 
    subject NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    text_body NVARCHAR(max) NULL, 
    html_body NVARCHAR(max) NULL, 
    reply_to NVARCHAR(320) COLLATE Latin1_General_100_BIN2 NULL, 
    reference NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NULL, 
    not_before DATETIME2(3) NULL, 
    expires_at DATETIME2(3) NULL, 
    priority SMALLINT NOT NULL DEFAULT '1', 
    source NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL, 
    state VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'pending', 
    attempts INTEGER NOT NULL DEFAULT '0', 
    sent_at DATETIME2(3) NULL, 
    error NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    created_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    due_ms BIGINT NOT NULL DEFAULT '0', 
    station NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL, 
    claim_id VARCHAR(36) COLLATE Latin1_General_BIN2 NULL, 
    claim_token BIGINT NOT NULL DEFAULT '0', 
    began_ms BIGINT NULL, 
    message_id NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT ck_email_priority CHECK (priority IN (0, 1, 2)), 
    CONSTRAINT ck_email_state CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'expired', 'uncertain'))
);

GO

CREATE INDEX ix_email_queue ON email (state, priority, due_ms, id, expires_at);

GO

CREATE UNIQUE INDEX uq_email_reference ON email (reference) WHERE reference IS NOT NULL;

GO

CREATE TABLE lease (
    name VARCHAR(64) COLLATE Latin1_General_BIN2 NOT NULL, 
    station NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '', 
    process VARCHAR(36) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT '', 
    token BIGINT NOT NULL DEFAULT '0', 
    expires_ms BIGINT NOT NULL DEFAULT '0', 
    ttl_ms BIGINT NOT NULL DEFAULT '0', 
    renewals BIGINT NOT NULL DEFAULT '0', 
    acquired_at DATETIME2(3) NULL, 
    expires_at DATETIME2(3) NULL, 
    PRIMARY KEY (name)
);

GO

CREATE TABLE operation_run (
    id BIGINT NOT NULL IDENTITY, 
    operation VARCHAR(64) COLLATE Latin1_General_BIN2 NOT NULL, 
    occurrence VARCHAR(100) COLLATE Latin1_General_BIN2 NOT NULL, 
    station NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    process VARCHAR(36) COLLATE Latin1_General_BIN2 NOT NULL, 
    outcome VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'running', 
    started_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    started_ms BIGINT NOT NULL, 
    finished_at DATETIME2(3) NULL, 
    finished_ms BIGINT NULL, 
    summary NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    PRIMARY KEY (id)
);

GO

CREATE INDEX ix_operation_run_history ON operation_run (operation, id);

GO

CREATE INDEX ix_operation_run_started ON operation_run (started_ms);

GO

CREATE UNIQUE INDEX uq_operation_run_occurrence ON operation_run (operation, occurrence);

GO

CREATE TABLE outbox_attempt (
    id BIGINT NOT NULL IDENTITY, 
    channel VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL, 
    message_id BIGINT NOT NULL, 
    attempt INTEGER NOT NULL, 
    station NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    token BIGINT NOT NULL, 
    began_ms BIGINT NULL, 
    ended_ms BIGINT NOT NULL, 
    outcome VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL, 
    reference NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NULL, 
    error NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    PRIMARY KEY (id)
);

GO

CREATE INDEX ix_outbox_attempt_message ON outbox_attempt (channel, message_id);

GO

CREATE TABLE station (
    name NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    process VARCHAR(36) COLLATE Latin1_General_BIN2 NOT NULL, 
    version NVARCHAR(50) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    state VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL, 
    holds NVARCHAR(max) NOT NULL, 
    started_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    seen_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    seen_ms BIGINT NOT NULL, 
    PRIMARY KEY (name)
);

GO

CREATE TABLE email_attachment (
    id BIGINT NOT NULL IDENTITY, 
    email_id BIGINT NOT NULL, 
    name NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    content VARBINARY(max) NOT NULL, 
    media_type VARCHAR(127) COLLATE Latin1_General_BIN2 NULL, 
    PRIMARY KEY (id), 
    FOREIGN KEY(email_id) REFERENCES email (id) ON DELETE CASCADE
);

GO

CREATE INDEX ix_email_attachment_email ON email_attachment (email_id);

GO

CREATE TABLE email_recipient (
    id BIGINT NOT NULL IDENTITY, 
    email_id BIGINT NOT NULL, 
    address NVARCHAR(320) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    state VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL, 
    error NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    settled_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    PRIMARY KEY (id), 
    FOREIGN KEY(email_id) REFERENCES email (id) ON DELETE CASCADE
);

GO

CREATE INDEX ix_email_recipient_email ON email_recipient (email_id);

GO

INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (1, 'r0001_foundation', 1, '0.1.0');

GO

COMMIT;
GO

-- revision 2

BEGIN TRANSACTION;
GO

ALTER TABLE lease ADD wanted NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL DEFAULT '';

GO

ALTER TABLE lease ADD candidates NVARCHAR(max) NULL;

GO

ALTER TABLE station ADD [plan] NVARCHAR(max) NULL;

GO

INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (2, 'r0002_standby', 1, '0.1.0');

GO

COMMIT;
GO

-- revision 3

BEGIN TRANSACTION;
GO

CREATE TABLE sms (
    id BIGINT NOT NULL IDENTITY, 
    recipient NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    body NVARCHAR(max) NOT NULL, 
    category VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'transactional', 
    client_id BIGINT NULL, 
    reference NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NULL, 
    not_before DATETIME2(3) NULL, 
    expires_at DATETIME2(3) NULL, 
    priority SMALLINT NOT NULL DEFAULT '1', 
    source NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL, 
    state VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'pending', 
    attempts INTEGER NOT NULL DEFAULT '0', 
    sent_at DATETIME2(3) NULL, 
    error NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    created_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    due_ms BIGINT NOT NULL DEFAULT '0', 
    station NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL, 
    claim_id VARCHAR(36) COLLATE Latin1_General_BIN2 NULL, 
    claim_token BIGINT NOT NULL DEFAULT '0', 
    began_ms BIGINT NULL, 
    delivered_at DATETIME2(3) NULL, 
    provider_reference NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NULL, 
    number VARCHAR(16) COLLATE Latin1_General_BIN2 NULL, 
    parts INTEGER NULL, 
    sent_as VARCHAR(36) COLLATE Latin1_General_BIN2 NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT ck_sms_priority CHECK (priority IN (0, 1, 2)), 
    CONSTRAINT ck_sms_category CHECK (category IN ('transactional', 'marketing')), 
    CONSTRAINT ck_sms_state CHECK (state IN ('pending', 'sending', 'sent', 'delivered', 'failed', 'expired', 'uncertain'))
);

GO

CREATE INDEX ix_sms_began ON sms (began_ms, state, parts, sent_at);

GO

CREATE INDEX ix_sms_provider_reference ON sms (provider_reference);

GO

CREATE INDEX ix_sms_queue ON sms (state, priority, due_ms, id, expires_at);

GO

CREATE UNIQUE INDEX uq_sms_reference ON sms (reference) WHERE reference IS NOT NULL;

GO

CREATE UNIQUE INDEX uq_sms_sent_as ON sms (sent_as) WHERE sent_as IS NOT NULL;

GO

CREATE TABLE sms_opt_out (
    number VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL, 
    at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    source NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL, 
    words NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NULL, 
    wish VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'stop', 
    PRIMARY KEY (number), 
    CONSTRAINT ck_opt_out_e164 CHECK (REPLACE(number, '+', '') <> number AND REPLACE(number, ' ', '') = number)
);

GO

CREATE TABLE sms_received (
    id BIGINT NOT NULL IDENTITY, 
    [identity] NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    sender NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    body NVARCHAR(max) NOT NULL, 
    received_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    wish VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'none', 
    PRIMARY KEY (id)
);

GO

CREATE UNIQUE INDEX uq_sms_received_identity ON sms_received ([identity]);

GO

CREATE TABLE sms_report (
    id BIGINT NOT NULL IDENTITY, 
    fate VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL, 
    provider_reference NVARCHAR(255) COLLATE Latin1_General_100_BIN2 NULL, 
    sent_as VARCHAR(36) COLLATE Latin1_General_BIN2 NULL, 
    reported_at DATETIME2(3) NULL, 
    reason NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    received_ms BIGINT NOT NULL, 
    PRIMARY KEY (id)
);

GO

CREATE INDEX ix_sms_report_received ON sms_report (received_ms);

GO

INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (3, 'r0003_sms', 1, '0.1.0');

GO

COMMIT;
GO

-- revision 4

BEGIN TRANSACTION;
GO

ALTER TABLE email ADD category VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'transactional';

GO

ALTER TABLE email_attachment ADD path NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NULL;

GO

CREATE TABLE email_opt_out (
    id BIGINT NOT NULL IDENTITY, 
    address NVARCHAR(320) COLLATE Latin1_General_100_BIN2 NULL, 
    token VARCHAR(64) COLLATE Latin1_General_BIN2 NULL, 
    at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    source NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT ck_email_opt_out_who CHECK (address IS NOT NULL OR token IS NOT NULL), 
    CONSTRAINT ck_email_opt_out_lower CHECK (address = LOWER(address))
);

GO

CREATE UNIQUE INDEX uq_email_opt_out_address ON email_opt_out (address) WHERE address IS NOT NULL;

GO

CREATE UNIQUE INDEX uq_email_opt_out_token ON email_opt_out (token) WHERE token IS NOT NULL;

GO

CREATE INDEX ix_email_began ON email (began_ms);

GO

INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (4, 'r0004_email', 1, '0.1.0');

GO

COMMIT;
GO

-- revision 5

BEGIN TRANSACTION;
GO

CREATE TABLE attendance (
    zone NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    present INTEGER NOT NULL DEFAULT '0', 
    known SMALLINT NOT NULL DEFAULT '0', 
    since DATETIME2(3) NULL, 
    reason NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    present_limit INTEGER NULL, 
    level VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'normal', 
    day VARCHAR(10) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT '', 
    day_total INTEGER NOT NULL DEFAULT '0', 
    day_limit INTEGER NULL, 
    day_level VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'normal', 
    uncertainty INTEGER NOT NULL DEFAULT '0', 
    estimated_since DATETIME2(3) NULL, 
    updated_at DATETIME2(3) NULL, 
    balance INTEGER NOT NULL DEFAULT '0', 
    anchor_ms BIGINT NOT NULL DEFAULT '0', 
    day_entries INTEGER NOT NULL DEFAULT '0', 
    passages INTEGER NOT NULL DEFAULT '0', 
    lost INTEGER NOT NULL DEFAULT '0', 
    below INTEGER NOT NULL DEFAULT '0', 
    below_ms BIGINT NOT NULL DEFAULT '0', 
    crossings BIGINT NOT NULL DEFAULT '0', 
    told VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'normal', 
    minute_ms BIGINT NOT NULL DEFAULT '0', 
    minute_count INTEGER NOT NULL DEFAULT '0', 
    minute_quiet SMALLINT NOT NULL DEFAULT '0', 
    PRIMARY KEY (zone), 
    CONSTRAINT ck_attendance_present CHECK (present >= 0)
);

GO

CREATE TABLE attendance_correction (
    id BIGINT NOT NULL IDENTITY, 
    zone NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    present INTEGER NULL, 
    delta INTEGER NULL, 
    author NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    reason NVARCHAR(400) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    created_at DATETIME2(3) NOT NULL DEFAULT (DATEADD(second, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) % 60, DATEADD(minute, (((DATEDIFF_BIG(millisecond, '19700101', SYSUTCDATETIME()))) / 1000) / 60, CAST('19700101' AS datetime2(0))))), 
    state VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'pending', 
    kind VARCHAR(16) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT 'staff', 
    before_present INTEGER NULL, 
    after_present INTEGER NULL, 
    applied_at DATETIME2(3) NULL, 
    error NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT ck_attendance_correction_state CHECK (state IN ('pending', 'applied', 'failed'))
);

GO

CREATE INDEX ix_attendance_correction_age ON attendance_correction (created_at);

GO

CREATE INDEX ix_attendance_correction_queue ON attendance_correction (state, id);

GO

CREATE TABLE attendance_minute (
    zone NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    minute_at DATETIME2(3) NOT NULL, 
    minutes INTEGER NOT NULL DEFAULT '1', 
    present INTEGER NOT NULL, 
    known SMALLINT NOT NULL, 
    estimated SMALLINT NOT NULL DEFAULT '0', 
    entries INTEGER NOT NULL DEFAULT '0', 
    exits INTEGER NOT NULL DEFAULT '0', 
    uncertainty INTEGER NOT NULL DEFAULT '0', 
    present_limit INTEGER NULL, 
    PRIMARY KEY (zone, minute_at)
);

GO

CREATE INDEX ix_attendance_minute_age ON attendance_minute (minute_at);

GO

CREATE TABLE fmi_sensor (
    station NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    name NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    zone NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    from_zone NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NULL, 
    known SMALLINT NOT NULL DEFAULT '0', 
    state VARCHAR(32) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT '', 
    reason NVARCHAR(1000) COLLATE Latin1_General_100_BIN2 NULL, 
    since DATETIME2(3) NULL, 
    seen_at DATETIME2(3) NULL, 
    seen_ms BIGINT NOT NULL DEFAULT '0', 
    entries BIGINT NOT NULL DEFAULT '0', 
    exits BIGINT NOT NULL DEFAULT '0', 
    memory NVARCHAR(max) NULL, 
    PRIMARY KEY (station, name)
);

GO

CREATE TABLE fmi_sensor_day (
    station NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    name NVARCHAR(100) COLLATE Latin1_General_100_BIN2 NOT NULL, 
    day VARCHAR(10) COLLATE Latin1_General_BIN2 NOT NULL, 
    entries INTEGER NOT NULL DEFAULT '0', 
    exits INTEGER NOT NULL DEFAULT '0', 
    blind_seconds INTEGER NOT NULL DEFAULT '0', 
    blind_times INTEGER NOT NULL DEFAULT '0', 
    PRIMARY KEY (station, name, day)
);

GO

CREATE INDEX ix_fmi_sensor_day_age ON fmi_sensor_day (day);

GO

INSERT INTO club_schema (revision, name, min_revision, min_app) VALUES (5, 'r0005_fmi', 1, '0.1.0');

GO

COMMIT;
GO

