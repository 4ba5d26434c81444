-- The demo database calls no outside service by itself: no IAP (enrichment, mining, SMS, letters),
-- no mail server, no push service, no report to the publisher.
UPDATE ir_cron
   SET active = false
  FROM ir_model_data AS xmlid
 WHERE xmlid.model = 'ir.cron'
   AND xmlid.res_id = ir_cron.id
   AND ir_cron.active
   AND (
        xmlid.module ~ '(^|_)iap(_|$)'
        OR xmlid.module IN ('partner_autocomplete', 'sms', 'snailmail', 'digest', 'mass_mailing')
        OR (xmlid.module, xmlid.name) IN (
            ('account', 'ir_cron_account_move_send'),
            ('auth_signup', 'ir_cron_auth_signup_send_pending_user_reminder'),
            ('mail', 'ir_cron_mail_gateway_action'),
            ('mail', 'ir_cron_mail_scheduler_action'),
            ('mail', 'ir_cron_module_update_notification'),
            ('mail', 'ir_cron_web_push_notification'),
            ('project', 'ir_cron_rating_project')
        )
   );
