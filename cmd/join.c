/* join: see join.h. */
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/io.h"
#include "base/spawn.h"
#include "follows.h"
#include "join.h"
#include "out/text.h"
#include "social/pairing.h"
#include "banned.h"

#define SAID_MAX (1u << 20)		/* bytes of what a child prints */

/* What is done. */
struct joining {
	struct mn_cmd *c;
	const struct mn_join *j;
	struct mn_home home;
	int answered;			/* the word was an answer: */
	struct mn_pairing_answer answer;
	MN_VEC(struct mn_pub) keys;	/* that were requested here */
	char hex[MN_ID_HEX + 1];	/* of the profile that came */
};

/* ------------------------------------------------------- requests made here */

static int find_keys(struct joining *w, struct mn_err *err)
{
	static const char suffix[] = ".pending";
	char *path = mn_home_path(&w->home, "keys");
	DIR *dir = opendir(path);
	struct dirent *e;
	struct mn_pub key = { { 0 } };

	free(path);
	while (dir && (e = readdir(dir))) {
		if (strlen(e->d_name) != MN_ID_HEX + sizeof(suffix) - 1 ||
		    strcmp(e->d_name + MN_ID_HEX, suffix) ||
		    mn_hex_decode(key.b, e->d_name, sizeof(key.b)) < 0)
			continue;
		if (!w->answered || !memcmp(key.b, w->answer.key.b,
					    sizeof(key.b)))
			*mn_vec_push(&w->keys) = key;
	}
	if (dir)
		closedir(dir);
	if (w->keys.n)
		return 0;
	return mn_err_set(err, MN_EFAIL, w->answered ?
			  "the answer is for a key that was not requested here"
			  : "no key was requested here: 'mn device request' "
			  "comes first");
}

/* ------------------------------------------------------------ what comes over */

static int read_profile(struct joining *w, const struct mn_buf *said)
{
	json_t *v = json_loadb(said->p, said->len, JSON_DISABLE_EOF_CHECK,
			       NULL);
	const char *hex = json_string_value(json_object_get(v, "profile"));
	int ok = hex && strlen(hex) == MN_ID_HEX &&
		mn_hex_span(hex, MN_ID_HEX) == MN_ID_HEX;

	if (ok)
		memcpy(w->hex, hex, MN_ID_HEX + 1);
	json_decref(v);
	return ok ? 0 : MN_EFAIL;
}

/* Network code lives in another program. */
static int run(struct joining *w, const char *const *argv, struct mn_err *err)
{
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_buf said = MN_BUF_INIT;
	int status = 0, r;

	s.argv = argv;
	r = mn_spawn_capture(&said, &status, &s, SAID_MAX, err);
	/* it told why; 1: something was refused, as posts beyond a cut are */
	if (r == 0 && status && status != MN_EXIT_NO)
		r = mn_err_set(err, status == MN_EXIT_AGAIN ? MN_EUNREACHABLE :
			       MN_EFAIL, "the profile could not be had");
	else if (r == 0 && read_profile(w, &said) < 0)
		r = mn_err_set(err, MN_EFAIL, "which profile it is could not "
			       "be told");
	mn_buf_release(&said);
	return r;
}

static int from_bundle(struct joining *w, const char *file,
		       struct mn_err *err)
{
	const char *argv[] = { "/proc/self/exe", "bundle", "fetch", "--follow",
			       "--json", file, NULL };

	return run(w, argv, err);
}

static int from_address(struct joining *w, const char *address,
			struct mn_err *err)
{
	const char *argv[] = { "/proc/self/exe", "follow", "--json", "--",
			       address, NULL };

	return run(w, argv, err);
}

/* The addresses of the answer in turn, and only the profile that it names. */
static int from_answer(struct joining *w, struct mn_err *err)
{
	const struct mn_pairing_answer *a = &w->answer;
	char hex[MN_ID_HEX + 1];
	int r = mn_err_set(err, MN_EFAIL, "the answer names no address of the "
			   "profile: --join URL, or --join BUNDLE");

	mn_id_hex(hex, &a->profile);
	for (size_t i = 0; i < a->nurls && r < 0; i++) {
		struct mn_buf b = MN_BUF_INIT;

		mn_err_clear(err);
		mn_buf_addf(&b, "%s#%s", a->urls[i], hex);
		r = from_address(w, b.p, err);
		mn_buf_release(&b);
	}
	if (r == 0 && strcmp(hex, w->hex))
		r = mn_err_set(err, MN_EDENIED, "it is profile %.12s, not the "
			       "%.12s of the answer", w->hex, hex);
	return r;
}

static int bring(struct joining *w, struct mn_err *err)
{
	struct stat st;

	if (w->answered)
		return from_answer(w, err);
	if (stat(w->j->word, &st) == 0 && S_ISREG(st.st_mode))
		return from_bundle(w, w->j->word, err);
	return from_address(w, w->j->word, err);
}

/* --------------------------------------------------------- becoming a device */

/* Keeps the key that the device had before, aside. */
static int set_aside(const struct mn_home *h, const char *path,
		     const struct mn_pub *mine, struct mn_err *err)
{
	char hex[MN_ID_HEX + 1], *old;
	struct mn_pub before;
	int r;

	if (!mn_io_exists(path))
		return 0;
	r = mn_keyfile_pub(&before, path, err);
	if (r < 0 || !memcmp(before.b, mine->b, sizeof(before.b)))
		return r < 0 ? r : 1;
	mn_hex_encode(hex, before.b, sizeof(before.b));
	old = mn_home_key(h, hex, "old");
	if (rename(path, old) < 0)
		r = mn_err_sys(err, "cannot rename '%s'", path);
	free(old);
	return r;
}

int mn_cmd_take_key(const struct mn_home *h, const struct mn_profile *p,
		    const struct mn_pub *key, struct mn_err *err)
{
	char *to = mn_home_key(h, p->hex, "device"), *from;
	char hex[MN_ID_HEX + 1];
	int r;

	mn_hex_encode(hex, key->b, sizeof(key->b));
	from = mn_home_key(h, hex, "pending");
	r = set_aside(h, to, key, err);
	if (r == 0)
		r = mn_keyfile_assign(from, to, &p->id, err);
	if (r >= 0)
		unlink(from);
	free(from);
	free(to);
	return r < 0 ? r : 0;
}

static int not_followed(void *ctx, struct mn_follow *f, struct mn_repo *repo,
			struct mn_err *err)
{
	(void)ctx;
	(void)repo;
	(void)err;
	if (!f->follow)
		return 1;
	f->follow = 0;		/* it is one's own */
	return 0;
}

static int settings(struct joining *w, struct mn_err *err)
{
	char *path = mn_home_path(&w->home, "config");
	int r = mn_cmd_change_settings(w->c, &w->home, w->hex, not_followed,
				       NULL, err);

	if (r == 0 && w->j->name)
		r = mn_cmd_set_name(w->c, w->hex, w->j->name, err);
	if (r == 0 && (w->j->make_default ||
		       !mn_conf_get(mn_cmd_conf(w->c), "profile.default")))
		r = mn_conf_set(path, "profile.default", w->hex, err);
	free(path);
	return r;
}

static int not_yet(const struct joining *w, const struct mn_profile *p)
{
	const struct mn_identity_doc *d = mn_identity_last(&p->identity);

	for (size_t i = 0; i < w->keys.n; i++)
		if (mn_identity_cut(d, &w->keys.p[i]))
			mn_warning(w->c, "a key that was requested here was "
				   "removed again: 'mn device request' makes "
				   "another");
	mn_warning(w->c, "profile %.12s does not list this device yet: give its "
		   "request to 'mn device add', push there, and run this "
		   "again", w->hex);
	return MN_EXIT_AGAIN;
}

static int become(struct joining *w, struct mn_err *err)
{
	const struct mn_id_device *device = NULL;
	struct mn_buf b = MN_BUF_INIT;
	struct mn_profile p;
	int r = mn_profile_open(&p, &w->home, w->hex, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < w->keys.n && !device; i++)
		device = mn_identity_device(mn_identity_last(&p.identity),
					    &w->keys.p[i]);
	if (!device) {
		r = not_yet(w, &p);
		goto out;
	}
	r = w->j->name ? mn_cmd_check_name(w->c, &w->home, w->j->name, w->hex,
					   err) : 0;
	if (r == 0)
		r = mn_cmd_take_key(&w->home, &p, &device->key, err);
	if (r == 0)
		r = settings(w, err);
	if (r == 0) {
		mn_text_line(&b, device->label);
		mn_warning(w->c, "this is device '%s' of profile %.12s now",
			   b.p, w->hex);
		mn_buf_clear(&b);
		mn_buf_addf(&b, "%s\n", w->hex);
		mn_out_buf(w->c, &b);
	}
out:
	mn_buf_release(&b);
	mn_profile_close(&p);
	return r;
}

int mn_cmd_join(struct mn_cmd *c, const struct mn_join *j,
		struct mn_err *err)
{
	struct joining w = { .c = c, .j = j };
	int r = 0;

	mn_home_init(&w.home, mn_home(c));
	mn_cmd_conf(c);		/* before anything is made: it may be broken */
	if (mn_pairing_is_answer(j->word)) {
		w.answered = 1;
		r = mn_pairing_answer_parse(&w.answer, mn_str(j->word), err);
	}
	if (r == 0)
		r = find_keys(&w, err);
	if (r == 0)
		r = bring(&w, err);
	if (r == 0)
		r = become(&w, err);
	mn_pairing_answer_release(&w.answer);
	mn_vec_release(&w.keys);
	mn_home_release(&w.home);
	return r;
}
