/* device-root: what changes who may sign: the root secret, and a person's yes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/io.h"
#include "device.h"
#include "follows.h"
#include "out/text.h"
#include "rooted.h"
#include "social/roster.h"
#include "banned.h"

#define ANSWER_MAX 64

/* --------------------------------------------------------------- questions */

static int read_answer(int tty, char out[ANSWER_MAX])
{
	size_t n = 0;
	char ch;

	while (read(tty, &ch, 1) == 1 && ch != '\n')
		if (n + 1 < ANSWER_MAX)
			out[n++] = ch;
	out[n] = '\0';
	return !strcasecmp(out, "yes") || !strcasecmp(out, "y");
}

int mn_device_confirm(const struct mn_device_at *at, const char *question,
		      struct mn_err *err)
{
	char answer[ANSWER_MAX];
	struct mn_buf b = MN_BUF_INIT;
	int tty, r;

	if (at->o->yes)
		return 1;
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return mn_err_set(err, MN_EFAIL, "there is no terminal to ask "
				  "on: --yes if you are sure");
	mn_buf_addf(&b, "%s (yes or no) ", question);
	r = mn_io_write_full(tty, b.p, b.len, err);
	if (r == 0)
		r = read_answer(tty, answer);
	close(tty);
	mn_buf_release(&b);
	if (r == 0)
		mn_warning(at->c, "nothing was changed");
	return r;
}

int mn_device_label_free(const struct mn_profile *p, const char *label,
			 const struct mn_pub *key, struct mn_err *err)
{
	const struct mn_identity_doc *d = mn_identity_last(&p->identity);

	for (size_t i = 0; i < d->ndevices; i++)
		if (mn_str_eq(d->devices[i].label, label) &&
		    memcmp(d->devices[i].key.b, key->b, sizeof(key->b)))
			return mn_err_set(err, MN_EEXISTS, "there is a device "
					  "'%s' already: give another label",
					  label);
	return 0;
}

/* --------------------------------------------------------- the root secret */

int mn_device_has_root(const struct mn_device_at *at)
{
	char *path = mn_home_key(&at->home, at->p.hex, "root");
	int has = at->o->phrase_file || mn_io_exists(path);

	free(path);
	return has;
}

int mn_device_change(struct mn_device_at *at,
		     const struct mn_identity_edit *e, struct mn_err *err)
{
	struct mn_identity_keys keys = { 0 };
	struct mn_root *root = NULL;
	struct mn_secret *device = NULL;
	struct mn_cmd_pass pass = { .c = at->c };
	unsigned char encryption[32];
	int wait_ms, r = mn_cmd_lock_wait(&wait_ms, at->c, err);

	if (r == 0)
		r = mn_cmd_root(&root, at->c, &at->home, &at->p,
				at->o->phrase_file, &pass, NULL, err);
	mn_wipe(&pass, sizeof(pass));
	if (r < 0)
		return r;
	keys.root = root;
	/* the encryption key may be older than the root secret: it is in
	 * what is sealed to this device then */
	if (mn_identity_is_root(&at->p.identity, root) && !e->ncuts &&
	    mn_identity_encryption(encryption, &at->p.identity, &keys,
				   NULL) < 0 &&
	    mn_cmd_may_post(&at->home, &at->p, NULL) == 0)
		r = mn_cmd_secret(at->c, &at->home, &at->p, &device, err);
	mn_wipe(encryption, sizeof(encryption));
	keys.device = device;
	if (r == 0)
		r = mn_roster_change(&at->p, &keys, e, wait_ms, err);
	mn_secret_free(device);
	mn_root_free(root);
	return r;
}

void mn_device_say_push(const struct mn_device_at *at)
{
	struct mn_follow f;
	struct mn_err err = MN_ERR_INIT;
	int r = mn_cmd_settings(&f, &at->home, at->p.hex, &err);

	if (r == 0 && f.remotes.n)
		fputs("'mn push' tells it to others.\n", stderr);
	else
		fputs("Others know it when they next fetch from here, or with "
		      "'mn bundle create'.\n", stderr);
	mn_follow_release(&f);
}
