/* passphrase: asking for one, without echo. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "profile.h"
#include "banned.h"

static int from_file(struct mn_cmd *c, char *out, size_t max,
		     struct mn_err *err)
{
	const char *path = c->env.passphrase_file;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	char *nl;
	int r;

	if (fd < 0)	/* not MN_ENOTFOUND: the key is there */
		return mn_err_set(err, MN_EPASSPHRASE, "cannot open "
				  "MN_PASSPHRASE_FILE '%s': %s", path,
				  strerror(errno));
	r = mn_io_read_full(fd, out, max - 1, &got, err);
	close(fd);
	if (r < 0)
		return r;
	out[got] = '\0';
	nl = strchr(out, '\n');
	if (nl)
		*nl = '\0';
	else if (got == max - 1)
		return mn_err_set(err, MN_ELIMIT, "the passphrase in '%s' is "
				  "too long", path);
	return 0;
}

/* Reads a line from the terminal into out, in raw-ish mode. */
static int read_line(int tty, char *out, size_t max, struct mn_err *err)
{
	size_t n = 0;
	char ch;

	for (;;) {
		ssize_t got = read(tty, &ch, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return mn_err_set(err, MN_EPASSPHRASE,
					  "no passphrase given");
		if (ch == '\n')
			break;
		if (n + 1 == max)
			return mn_err_set(err, MN_ELIMIT,
					  "the passphrase is too long");
		out[n++] = ch;
	}
	out[n] = '\0';
	return 0;
}

static int from_terminal(char *out, size_t max, const char *prompt,
			 struct mn_err *err)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios old, quiet;
	sigset_t block, before;
	int r;

	if (tty < 0 || tcgetattr(tty, &old) < 0) {
		if (tty >= 0)
			close(tty);
		return mn_err_set(err, MN_EPASSPHRASE, "a passphrase is "
				  "needed and there is no terminal to ask on: "
				  "set MN_PASSPHRASE_FILE");
	}
	/* an interrupt must not leave the terminal without echo */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTSTP);
	sigprocmask(SIG_BLOCK, &block, &before);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_lflag |= ICANON | ECHONL;
	r = mn_io_write_full(tty, prompt, strlen(prompt), err);
	if (r == 0) {
		tcsetattr(tty, TCSAFLUSH, &quiet);
		r = read_line(tty, out, max, err);
		tcsetattr(tty, TCSAFLUSH, &old);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r == 0 && strchr(out, 3))		/* ^C arrives as a byte */
		r = mn_err_set(err, MN_EPASSPHRASE, "interrupted");
	close(tty);
	return r;
}

int mn_cmd_ask_passphrase(void *cmd, char *out, size_t max, const char *path,
			  struct mn_err *err)
{
	struct mn_cmd *c = cmd;
	const char *slash = strrchr(path, '/');
	struct mn_buf prompt = MN_BUF_INIT;
	int r;

	if (c->env.passphrase_file)
		return from_file(c, out, max, err);
	mn_buf_addf(&prompt, "Passphrase for %.12s...: ",
		    slash ? slash + 1 : path);
	r = from_terminal(out, max, prompt.p, err);
	mn_buf_release(&prompt);
	return r;
}

int mn_cmd_new_passphrase(struct mn_cmd *c, char *out, size_t max,
			  struct mn_err *err)
{
	char again[MN_PASSPHRASE_MAX];
	int r;

	if (c->env.passphrase_file) {
		r = from_file(c, out, max, err);
	} else {
		r = from_terminal(out, max, "New passphrase: ", err);
		if (r == 0)
			r = from_terminal(again, sizeof(again),
					  "The same again: ", err);
		if (r == 0 && strcmp(out, again))
			r = mn_err_set(err, MN_EPASSPHRASE,
				       "the passphrases differ");
		mn_wipe(again, sizeof(again));
	}
	if (r == 0 && !*out)
		r = mn_err_set(err, MN_EPASSPHRASE, "the passphrase is empty");
	return r;
}

int mn_cmd_ask_phrase(char *out, size_t max, struct mn_err *err)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0)
		return mn_err_set(err, MN_EPASSPHRASE, "there is no terminal to "
				  "ask for the recovery phrase on: "
				  "--phrase-file");
	close(tty);
	return from_terminal(out, max, "Recovery phrase: ", err);
}
