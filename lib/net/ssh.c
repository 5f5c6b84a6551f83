/* The transport of ssh: which of its ways is taken. */
#include "net/net-impl.h"
#include "net/transport.h"

#include "banned.h"

int mn_transport_ssh(struct mn_transport **out, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err)
{
	(void)out;
	(void)net;
	return mn_err_set(err, MN_EINVALID, "'%s': ssh is not built in yet",
			  url->text);
}
