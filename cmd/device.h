/* device: what the parts of mn device share. */
#ifndef MN_CMD_DEVICE_H
#define MN_CMD_DEVICE_H

#include "node/identity-edit.h"
#include "profile.h"

struct mn_device_opts {
	const char *profile, *label, *phrase_file, *from;
	int qr;				/* 1, 0; -1: on a terminal */
	int passphrase, yes, json, nul;
};

/* The home, and the profile that is worked on. */
struct mn_device_at {
	struct mn_cmd *c;
	const struct mn_device_opts *o;
	struct mn_home home;
	struct mn_profile p;
};

/* Each is given its operands and returns the exit status, or < 0. */
typedef int mn_device_fn(struct mn_device_at *at, struct mn_err *err);

/* device-request.c; at->p is not open */
int mn_device_request(struct mn_device_at *at, struct mn_err *err);
/* The label that was given, or the name of the host, or "device". */
void mn_device_label(struct mn_buf *out, const char *given);
/*
 * Makes a key, keeps it as one that has no profile yet, and prints its
 * request. passphrase: "" for none.
 */
int mn_device_ask(struct mn_device_at *at, const char *label,
		  const char *passphrase, struct mn_err *err);
/* The same without a request. */
int mn_device_new_key(struct mn_secret **out, const struct mn_device_at *at,
		      const char *passphrase, struct mn_err *err);

void mn_device_forget_key(const struct mn_device_at *at,
			  const struct mn_pub *key);

/* device-add.c, device-list.c, device-edit.c */
int mn_device_add(struct mn_device_at *at, struct mn_err *err);
int mn_device_list(struct mn_device_at *at, struct mn_err *err);
int mn_device_rename(struct mn_device_at *at, struct mn_err *err);

/* device-revoke.c */
int mn_device_revoke(struct mn_device_at *at, struct mn_err *err);
/* Where a device is to be cut: at its newest node here, or right before the node
 * that from names. */
int mn_device_cut_at(struct mn_id_cut *out, struct mn_device_at *at,
		     const struct mn_pub *device, const char *from,
		     struct mn_err *err);

/* device-adopt.c */
int mn_device_adopt(struct mn_device_at *at, struct mn_err *err);
/* All that is beyond the cut of one device; prints what became of it. */
int mn_device_adopt_from(struct mn_device_at *at, const struct mn_pub *device,
			 struct mn_err *err);
/* How many nodes beyond its cut are here and were not adopted. */
int mn_device_count_beyond(size_t *n, struct mn_device_at *at,
			   const struct mn_pub *device, struct mn_err *err);

/* device-rekey.c */
int mn_device_rekey(struct mn_device_at *at, struct mn_err *err);

/* device-root.c */
/* Whether the root secret is kept here, or its phrase was given. */
int mn_device_has_root(const struct mn_device_at *at);

/*
 * Makes the next identity document with what holds the root secret: its file,
 * with a passphrase where it has one, or the recovery phrase, for which the
 * terminal is asked.
 */
int mn_device_change(struct mn_device_at *at,
		     const struct mn_identity_edit *e, struct mn_err *err);
/* 1, yes; 0, no; MN_EFAIL where there is no terminal to ask on and --yes was
 * not given. question: lines; fit for a terminal. */
int mn_device_confirm(const struct mn_device_at *at, const char *question,
		      struct mn_err *err);
/* MN_EEXISTS where a device other than key has the label. */
int mn_device_label_free(const struct mn_profile *p, const char *label,
			 const struct mn_pub *key, struct mn_err *err);
/* Says on stderr how others come to know a change. */
void mn_device_say_push(const struct mn_device_at *at);

#endif
