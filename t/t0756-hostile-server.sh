#!/bin/sh

test_description='mn fetch: servers that lie

Each does one thing that no server should (t/hostile.py says what). It is
refused in one line, in bounded memory and time; nothing of it stays, and what
a better server has comes after it.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-follow.sh"
. "$TEST_DIRECTORY/lib-http.sh"
. "$TEST_DIRECTORY/lib-hostile.sh"

SERVER=hostile.py

# liar MODE [ARG...]: bob as he was, with it as his remote
liar () {
	_mode=$1 &&
	shift &&
	start_server "$_mode" "$evil_repo" "$@" &&
	bob_at_first "$url" &&
	MN_DIR=$PWD/bob mn config net.stall-timeout "${STALL:-30}" &&
	MN_DIR=$PWD/bob mn config net.connect-timeout "${STALL:-30}"
}

# What stands before the colon is said of the server in these modes; nothing
# comes, and then everything.
refuses () {
	_status=$1
	shift
	for _pair
	do
		# shellcheck disable=SC2086 # a mode and its number
		liar ${_pair%%:*} && refused "$_status" "${_pair#*:}" &&
		nothing_came && then_honest || {
			echo "mode ${_pair%%:*}" && cat err
			return 1
		}
		kill "$server_pid"
	done
}

# Whatever is wrong with these servers, what is good comes.
tolerates () {
	for _mode
	do
		# shellcheck disable=SC2086 # a mode and its number
		liar $_mode && bob mn fetch >out 2>err &&
		no_controls err && phone_came && nothing_left &&
		then_honest || {
			echo "mode $_mode" && cat err
			return 1
		}
		kill "$server_pid"
	done
}

test_expect_success 'a profile on two devices, and one who follows' '
	hostile_world && evil &&
	tolerates pack_honest
'

test_expect_success 'packs that claim to be huge' '
	refuses 128 \
		"pack_count:a pack of 4294967295 objects, where the limit is" \
		"pack_count_more:a pack is \(damaged\|cut short\)" \
		"pack_size:an object of 1099511627776 bytes, where the limit" \
		"pack_delta_size:an object of 1099511627776 bytes, where the"
'

test_expect_success 'packs that unpack to be huge' '
	refuses 128 \
		"pack_size_lie:an entry is longer than it says" \
		"pack_blob_bomb:an object of 2147483648 bytes, where the lim" \
		"pack_delta_bomb 2000:the deltas of a pack make too much" \
		"pack_delta_chain 5000:more than 250 deltas in a chain"
'

test_expect_success 'many objects that are large, and where that ends' '
	liar pack_many_bombs 20 &&
	MN_DIR=$PWD/bob mn config fetch.maxunpacked 100m &&
	refused 128 "the objects of a pack have more than 104857600 bytes" &&
	nothing_came
'

test_expect_success 'packs that are damaged' '
	refuses 128 \
		"pack_delta_outside:a delta is damaged" \
		"pack_delta_loop:the base of a delta is not in it" \
		"pack_twice:object [0-9a-f]* is twice in the pack" \
		"pack_trailer:the checksum of a pack is wrong" \
		"pack_more:bytes are left over" \
		"pack_short:a pack is cut short: [0-9]* of [0-9]* objects" \
		"pack_version:a pack of an unknown version" \
		"pack_nonsense:what came is no pack" \
		"pack_type:an entry has an unknown type" \
		"pack_zlib:an entry is damaged" \
		"fetch_endless:bytes are left over"
'

test_expect_success 'a thin pack, which nobody asked for' '
	liar pack_thin "$tip:0-post.md" &&
	refused 128 "base" && cat err && nothing_came && then_honest
'

test_expect_success 'a pack without what was asked for' '
	refuses 1 \
		"pack_lacks:not all of it came: no object" \
		"pack_commit_alone:not all of it came: no object" \
		"pack_empty:not all of it came: no object"
'

test_expect_success 'what has nothing to do with it is not kept' '
	tolerates pack_unrelated pack_laughs
'

test_expect_success 'filters that are said to be known, and are not' '
	liar pack_honest &&
	git -C "$bob_repo" config mn.replicate dag &&
	bob mn fetch >out 2>err && test_must_be_empty err &&
	phone_came && nothing_left
'

test_expect_success 'answers that are none' '
	refuses 128 \
		"fetch_nonsense:the server sends .hello. where a pack is due" \
		"fetch_v0:the server sends .NAK. where a pack is due" \
		"fetch_raw:the other side doesn.t speak git.s protocol" \
		"fetch_nothing:the server sends no pack" \
		"fetch_band4:the answer has a packet of no sideband" \
		"fetch_fails:the server says: no ?" \
		"fetch_acks:the answer of the server has more than 16777216 b" \
		"fetch_shallow:the answer of the server has more than 1677721" \
		"fetch_keepalive:the answer of the server has more than 16777"
'

test_expect_success 'words of the server: few, and none that steer a terminal' '
	tolerates fetch_says &&
	liar fetch_words_line &&
	MN_DIR=$PWD/bob test_expect_code 128 bounded mn fetch >out 2>err &&
	test_line_count -lt 110 err && nothing_came && nothing_left &&
	liar fetch_talks &&
	MN_DIR=$PWD/bob test_expect_code 128 bounded mn fetch >out 2>err &&
	test_line_count -lt 110 err && test $(wc -c <err) -lt 110000 &&
	no_controls err && nothing_came && nothing_left
'

test_expect_success 'refs: a million, bad names, twice, nothing' '
	refuses 128 \
		"ls_million:the server has more than 100000 refs" \
		"ls_heads_million:the server has more than 100000 refs" \
		"ls_devices:it has more than 1024 devices" \
		"ls_escape:a ref of no valid name" \
		"ls_dots:a ref of no valid name" \
		"ls_v0:a ref of no valid name" \
		"ls_twice:the server has the ref .* twice" \
		"ls_zero:a ref that names nothing" \
		"ls_nonsense:where only refs stand" \
		"ls_endless:more than 16777216 bytes" &&
	refuses 1 "ls_none:there is no profile"
'

test_expect_success 'refs that are symbolic, and what was not asked for' '
	tolerates ls_symref ls_other
'

test_expect_success 'a ref of what the server has not got' '
	refuses 1 "ls_missing devices/$phone:the server says: .*not our ref"
'

test_expect_success 'what the server says that it can do' '
	refuses 128 \
		"adv_version9:the server speaks .version 9. of the protocol" \
		"adv_no_fetch:the server knows no .fetch." \
		"adv_sha256:names of sha256, and not of sha1" \
		"adv_v0_sha256:names of sha256, and not of sha1" \
		"adv_v0_million:more than" \
		"adv_v0_escape:where only refs stand" \
		"adv_other_service:the server begins another service" \
		"adv_error:the server says: no" \
		"adv_error_long:the server says: no" \
		"adv_nonsense:doesn.t speak git.s protocol" \
		"adv_caps_endless:more than 16777216 bytes" &&
	refuses 1 "adv_flush:there is no profile" &&
	refuses 75 "adv_nothing:hung up without a word"
'

test_expect_success 'packets of bad lengths' '
	refuses 128 \
		"adv_length_short:a packet of 3 bytes is not allowed" \
		"adv_length_long:a packet of 65535 bytes is not allowed" \
		"adv_length_letters:.zzzz. is no length" \
		"adv_length_minus:.-001. is no length" &&
	refuses 75 "adv_length_cut:broke off within a packet"
'

test_expect_success 'a server that stalls' '
	STALL=1 &&
	refuses 75 \
		"http_stall:nothing came for 1 seconds" \
		"http_stall_head:nothing came for 1 seconds" \
		"fetch_stall:nothing came for 1 seconds" \
		"http_drip_head:the head of the answer takes too long" \
		"fetch_drip:too little comes" &&
	unset STALL
'

test_expect_success 'a server that breaks off: what was good stays' '
	for i in 1 2 3 4 5 6 7 8
	do
		on phone mn post -m "more $i" || return 1
	done >/dev/null &&
	fetch_from laptop phone && evil &&
	liar fetch_break "refs/mn/devices/$phone" &&
	refused 75 "the connection broke" &&
	test_grep "new post" out &&
	git -C "$bob_repo" rev-list refs/mn/devices/$phone >some &&
	git -C "$evil_repo" rev-list refs/mn/devices/$phone >all &&
	git -C "$evil_repo" rev-list \
		$(sed -n "s/ .*devices.$phone//p" refs.first) >before &&
	test $(wc -l <before) -lt $(wc -l <some) &&
	test $(wc -l <some) -lt $(wc -l <all) &&
	then_honest
'

test_expect_success 'heads of HTTP that are no heads' '
	refuses 75 \
		"http_status:the server can.t answer now (500)" \
		"http_switch:the connection broke" \
		"http_chunk:the connection broke" \
		"http_length:broke off" &&
	refuses 128 \
		"http_status_long:the head of the answer is too long" \
		"http_headers:the head of the answer is too long" \
		"http_header_long:the head of the answer is too long" \
		"http_continue:the head of the answer is too long" \
		"http_hints:the head of the answer is too long" \
		"http_encoding:doesn.t speak git.s protocol" \
		"http_type:answers with what is not git.s protocol"
'

test_expect_success 'redirects' '
	refuses 128 \
		"http_redirect /x{path}:redirects more than 5 times" \
		"http_redirect_escape:what is not HTTP: not followed" &&
	for to in "http://localhost:1/x another host, .localhost." \
		"file:///etc/passwd to what is not HTTP" \
		"//localhost/x another host"
	do
		liar http_redirect "${to%% *}" &&
		refused 128 "${to#* }.*not followed" && nothing_came || return 1
	done &&
	liar http_redirect_post http://localhost:1/x &&
	refused 128 "redirects what must not be redirected" && nothing_came
'

test_expect_success 'a plain server with bad lists, indexes and packs' '
	git -C "$evil_repo" repack -adq &&
	git -C "$evil_repo" update-server-info &&
	refuses 128 \
		"dumb_refs_endless:.info/refs. has more than 16777216 bytes" \
		"dumb_packs_endless:.objects/info/packs. has more than" \
		"dumb_pack:its number of objects isn.t that of the index" \
		"dumb_pack_endless:bytes are left over" &&
	refuses 1 "dumb_idx:the server lacks the object"
'

test_expect_success 'a plain server with bad objects' '
	evil && git -C "$evil_repo" update-server-info &&
	tolerates dumb_honest &&
	refuses 128 \
		"dumb_other_object:object [0-9a-f]* is damaged" \
		"dumb_bomb:larger than"
'

test_done
