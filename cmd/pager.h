/* pager: the part of pager.c that only main needs; the rest is in cmd.h. */
#ifndef MN_CMD_PAGER_H
#define MN_CMD_PAGER_H

struct mn_cmd;

/* Ends the pager's input and waits until the reader has left it. */
void mn_pager_finish(struct mn_cmd *c);

#endif
