/*
 * banned: libc calls that can't be used safely, or that keep hidden state,
 * don't compile. Every .c file includes this last, behind all system headers.
 */
#ifndef MN_BANNED_H
#define MN_BANNED_H

/* In parentheses, so that it is never taken for an implicit declaration. */
#define MN_BANNED(name) (name##_is_banned_see_banned_h)

#undef strcpy
#define strcpy MN_BANNED(strcpy)
#undef strcat
#define strcat MN_BANNED(strcat)
#undef strncpy
#define strncpy MN_BANNED(strncpy)
#undef strncat
#define strncat MN_BANNED(strncat)
#undef strtok
#define strtok MN_BANNED(strtok)
#undef sprintf
#define sprintf MN_BANNED(sprintf)
#undef vsprintf
#define vsprintf MN_BANNED(vsprintf)
#undef gets
#define gets MN_BANNED(gets)
#undef asctime
#define asctime MN_BANNED(asctime)
#undef ctime
#define ctime MN_BANNED(ctime)
#undef gmtime
#define gmtime MN_BANNED(gmtime)
#undef localtime
#define localtime MN_BANNED(localtime)
#undef atoi
#define atoi MN_BANNED(atoi)
#undef atol
#define atol MN_BANNED(atol)
#undef atof
#define atof MN_BANNED(atof)

#endif
