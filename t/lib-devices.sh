# shellcheck shell=sh
#
# A profile on two devices, for tests of what happens side by side. Needs
# t/helper/add-device.

# Two homes, laptop and phone, of one profile; its id is left in $profile.
two_devices () {
	profile=$(MN_DIR=$PWD/laptop mn init --device laptop 2>/dev/null) &&
	add-device "$PWD/laptop" "$profile" phone "$PWD/phone" &&
	cp -R "$PWD/laptop/profiles" "$PWD/phone/"
}

# on laptop|phone COMMAND...
on () {
	_home=$PWD/$1
	shift
	MN_DIR=$_home "$@"
}

# Lets the first device know the posts of the others.
fetch_from () {
	_to=$1
	shift
	for _from
	do
		_ref=refs/mn/devices/$(on "$_from" mn whoami --json |
			jq -r .device)
		git -C "$PWD/$_to/profiles/$profile.git" fetch -q \
			"$PWD/$_from/profiles/$profile.git" "$_ref:$_ref" ||
			return 1
	done
	on "$_to" mn merge-heads >/dev/null
}
