/*
 * fuzz-upload: what a client of upload-pack says, in versions 2 and 0, on a
 * small repository: three commits, the last with a blob and a tree in it. The
 * answer is read to its end in slices of some size.
 *
 * Input: a byte for the version (odd: 2, even: 0) and the size of the slices
 * (the other bits), and the request.
 */
#include "net/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "git/pack.h"

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

static char dir[] = "/tmp/mn-fuzz-upload-XXXXXX";

static void remove_dir(void)
{
	mn_io_remove_tree(dir, NULL);
}

static void put_file(const char *name, const char *text)
{
	struct mn_buf path = MN_BUF_INIT;

	mn_buf_addf(&path, "%s/%s", dir, name);
	LAW(!mn_io_replace(path.p, text, strlen(text), 0644, 0, NULL));
	mn_buf_release(&path);
}

/* make-corpus-upload.py makes the same objects. */
static void put_commits(struct mn_pack *w, struct mn_oid *tip)
{
	struct mn_buf tree = MN_BUF_INIT, commit = MN_BUF_INIT;
	char hex[MN_OID_HEX + 1];
	struct mn_oid blob, oid;

	LAW(!mn_pack_add(w, &blob, MN_BLOB, "hello\n", 6, NULL));
	mn_buf_add(&tree, "100644 a\0", 9);
	mn_buf_add(&tree, blob.b, sizeof(blob.b));
	LAW(!mn_pack_add(w, &oid, MN_TREE, tree.p, tree.len, NULL));
	for (int i = 1; i <= 3; i++) {
		mn_buf_clear(&commit);
		mn_oid_hex(hex, &oid);
		mn_buf_addf(&commit, "tree %s\n", hex);
		mn_oid_hex(hex, tip);
		if (i > 1)
			mn_buf_addf(&commit, "parent %s\n", hex);
		mn_buf_addf(&commit, "author A <a@b> %d +0000\n"
			    "committer A <a@b> %d +0000\n\n%d\n", i, i, i);
		LAW(!mn_pack_add(w, tip, MN_COMMIT, commit.p, commit.len,
				 NULL));
	}
	mn_buf_release(&tree);
	mn_buf_release(&commit);
}

static void make_repo(void)
{
	static const char *const dirs[] = {
		"objects/pack", "refs/heads", "refs/tags"
	};
	struct mn_buf text = MN_BUF_INIT;
	char hex[MN_OID_HEX + 1];
	struct mn_pack *w;
	struct mn_oid tip;

	LAW(mkdtemp(dir));
	atexit(remove_dir);
	for (size_t i = 0; i < 3; i++) {
		mn_buf_clear(&text);
		mn_buf_addf(&text, "%s/%s", dir, dirs[i]);
		LAW(!mn_io_mkdirs(text.p, 0755, NULL));
	}
	LAW(!mn_pack_begin(&w, dir, NULL));
	put_commits(w, &tip);
	LAW(!mn_pack_finish(w, NULL, NULL));
	mn_pack_free(w);
	mn_oid_hex(hex, &tip);
	mn_buf_clear(&text);
	mn_buf_addf(&text, "%s\n", hex);
	put_file("HEAD", "ref: refs/heads/main\n");
	put_file("refs/heads/main", text.p);
	mn_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mn_upload *u;
	struct mn_err err = MN_ERR_INIT;
	struct mn_str request;
	char buf[3000];
	size_t slice, total = 0;
	ssize_t n;

	if (!u) {
		make_repo();
		LAW(!mn_upload_new(&u, dir, &(struct mn_upload_options){
			.max_wants = 20, .max_haves = 20 }, &err));
	}
	if (!size)
		return 0;
	slice = (size_t)(data[0] >> 1) * 23 + 1;
	request = (struct mn_str){ (const char *)data + 1, size - 1 };
	LAW(!mn_upload_request(u, data[0] & 1 ? 2 : 0, request, &err));
	while ((n = mn_upload_read(u, buf, slice, &err)) > 0) {
		LAW((size_t)n <= slice);
		total += (size_t)n;
		LAW(total < (1u << 20));
	}
	LAW(!n);
	LAW(!mn_upload_read(u, buf, slice, &err));
	return 0;
}
