/* device-edit: a device gets another label. */
#include <string.h>

#include "device.h"
#include "social/roster.h"
#include "banned.h"

int mn_device_rename(struct mn_device_at *at, struct mn_err *err)
{
	const char *label = at->c->argv[2];
	struct mn_identity_edit e = { .label = label };
	const struct mn_id_device *now;
	struct mn_pub key;
	int r = mn_roster_find(&key, &at->p.identity, at->c->argv[1], 0, err);

	if (r == 0)
		r = mn_device_label_free(&at->p, label, &key, err);
	if (r < 0)
		return r;
	now = mn_identity_device(mn_identity_last(&at->p.identity), &key);
	if (now && mn_str_eq(now->label, label)) {
		mn_warning(at->c, "that is its label already");
		return MN_EXIT_OK;
	}
	e.rename = &key;
	r = mn_device_change(at, &e, err);
	if (r == 0)
		mn_device_say_push(at);
	return r;
}
