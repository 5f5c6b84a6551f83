/* device-request: a key for a profile to come, and the line that asks for it. */
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "device.h"
#include "node/lines.h"
#include "out/text.h"
#include "social/pairing.h"
#include "banned.h"

void mn_device_label(struct mn_buf *out, const char *given)
{
	char host[MN_LABEL_MAX + 1];

	if (given) {
		mn_buf_adds(out, given);
		return;
	}
	if (gethostname(host, sizeof(host)) < 0)
		host[0] = '\0';
	host[MN_LABEL_MAX] = '\0';
	mn_buf_adds(out, mn_text_check(mn_str(host), MN_LABEL_MAX) < 0
		    ? "device" : host);
}

#define QUIET 2			/* modules of margin */

static int is_dark(const QRcode *qr, int x, int y)
{
	return x >= 0 && y >= 0 && x < qr->width && y < qr->width &&
		(qr->data[y * qr->width + x] & 1);
}

/* Two rows of modules in a line of text; on a terminal with colours of its
 * own, since half of all terminals are dark on light. */
static void draw(struct mn_buf *b, const QRcode *qr, int colour)
{
	static const char *const blocks[] = {	/* upper dark, lower dark */
		"\xe2\x96\x88", "\xe2\x96\x80", "\xe2\x96\x84", " " };

	for (int y = -QUIET; y < qr->width + QUIET; y += 2) {
		mn_buf_adds(b, colour ? "\033[40;97m" : "");
		for (int x = -QUIET; x < qr->width + QUIET; x++)
			mn_buf_adds(b, blocks[2 * is_dark(qr, x, y) +
					      is_dark(qr, x, y + 1)]);
		mn_buf_adds(b, colour ? "\033[0m\n" : "\n");
	}
}

static void show_qr(const struct mn_buf *line)
{
	QRcode *qr = QRcode_encodeString8bit(line->p, 0, QR_ECLEVEL_L);
	struct mn_buf b = MN_BUF_INIT;

	if (!qr)	/* the line says it all */
		return;
	draw(&b, qr, isatty(STDERR_FILENO));
	fwrite(b.p, 1, b.len, stderr);
	mn_buf_release(&b);
	QRcode_free(qr);
}

static void say(const struct mn_pub *key, const char *label)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_adds(&b, "The key of '");
	mn_text_line(&b, mn_str(label));
	mn_buf_adds(&b, "' begins with  ");
	mn_pairing_fingerprint(&b, key);
	mn_buf_adds(&b, "\nGive the line to 'mn device add' on the device that "
		    "holds the root secret, and see\nthat it shows these "
		    "digits. What it answers goes to 'mn init --join'.\n");
	fputs(b.p, stderr);
	mn_buf_release(&b);
}

int mn_device_new_key(struct mn_secret **out, const struct mn_device_at *at,
		      const char *passphrase, struct mn_err *err)
{
	static const struct mn_id nobody;	/* it has no profile yet */
	char hex[MN_ID_HEX + 1], *path;
	struct mn_pub pub;
	int r = mn_home_create(&at->home, err);

	*out = NULL;
	if (r < 0)
		return r;
	*out = mn_secret_random();
	mn_secret_pub(&pub, *out);
	mn_hex_encode(hex, pub.b, sizeof(pub.b));
	path = mn_home_key(&at->home, hex, "pending");
	r = mn_keyfile_write_device(path, &nobody, *out, passphrase, 0, err);
	free(path);
	return r;
}

void mn_device_forget_key(const struct mn_device_at *at,
			  const struct mn_pub *key)
{
	char hex[MN_ID_HEX + 1], *path;

	mn_hex_encode(hex, key->b, sizeof(key->b));
	path = mn_home_key(&at->home, hex, "pending");
	unlink(path);
	free(path);
}

int mn_device_ask(struct mn_device_at *at, const char *label,
		  const char *passphrase, struct mn_err *err)
{
	struct mn_secret *key = NULL;
	struct mn_buf line = MN_BUF_INIT;
	struct mn_pub pub;
	int r = 0;

	if (mn_text_check(mn_str(label), MN_LABEL_MAX) < 0)
		r = mn_err_set(err, MN_EINVALID, "a label is 1 to %d bytes of "
			       "UTF-8 without control characters and without "
			       "blanks at its ends: '%s'", MN_LABEL_MAX, label);
	if (r == 0)
		r = mn_device_new_key(&key, at, passphrase, err);
	if (r == 0)
		r = mn_pairing_request_add(&line, key, label, err);
	if (r == 0) {
		mn_secret_pub(&pub, key);
		mn_out(at->c, line.p, line.len);
		mn_out(at->c, "\n", 1);
		mn_out_flush(at->c);
		if (at->o->qr > 0 ||
		    (at->o->qr < 0 && mn_stdout_is_tty(at->c)))
			show_qr(&line);
		say(&pub, label);
	}
	mn_secret_free(key);
	mn_buf_release(&line);
	return r;
}

int mn_device_request(struct mn_device_at *at, struct mn_err *err)
{
	char passphrase[MN_PASSPHRASE_MAX] = "";
	struct mn_buf label = MN_BUF_INIT;
	int r = 0;

	mn_device_label(&label, at->o->label);
	if (at->o->passphrase)
		r = mn_cmd_new_passphrase(at->c, passphrase,
					  sizeof(passphrase), err);
	if (r == 0)
		r = mn_device_ask(at, label.p, passphrase, err);
	mn_wipe(passphrase, sizeof(passphrase));
	mn_buf_release(&label);
	return r;
}
