#include "net/transport.h"

#include "banned.h"

const char *mn_service_name(enum mn_service s)
{
	return s == MN_UPLOAD_PACK ? "git-upload-pack" : "git-receive-pack";
}

int mn_transport_new(struct mn_transport **out, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err)
{
	switch (url->scheme) {
	case MN_URL_HTTP:
	case MN_URL_HTTPS:
		return mn_transport_http(out, net, url, err);
	case MN_URL_SSH:
		return mn_transport_ssh(out, net, url, err);
	case MN_URL_LOCAL:
		break;
	}
	return mn_transport_local(out, net, url, err);
}
