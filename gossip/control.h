/*
 * control.h - what trustctl may ask of the running node (common/ctl/ctl_message.h).
 *
 *	op             takes                            gives
 *	status                                          counters, see control.c
 *	peer-invite    class, host (optional)           link, expires
 *	peer-met                                        open; met, name, digits of the last invitation
 *	peer-accept    link, class                      name, digits
 *	peer-add       pin, class, name, url            added
 *	peer-pause     peer, paused
 *	peer-remove    peer
 *	peer-sync      peer, repair
 *
 * class is "friend" or "site"; peer is a name, a URL, or a pin or its beginning (six characters
 * at least), and must name exactly one.
 */
#ifndef GOSSIP_CONTROL_H
#define GOSSIP_CONTROL_H

struct ctl_call;
struct ctl_message;

/** Acts on a request; `ctx` is the struct service. A ctl_server_fn. */
void control_handle(void *ctx, struct ctl_call *call, const struct ctl_message *request);

#endif
