"""Answers as models write them, several facts in one: all of them right."""

from __future__ import annotations

LONG: tuple[tuple[str, str], ...] = (
    (
        "Quote for 15 adults please",
        "Thank you for reaching out! For 15 adults, the total would be 15 × $55 = $825."
        " Filet mignon can be added for $5 per person ($75 total), and lobster tail for"
        " $10 per person ($150 total). Travel within 30 miles is free; after that it's $2"
        " per mile. A $100 deposit holds your date.",
    ),
    (
        "What's included?",
        "Each guest gets two proteins (chicken, steak, shrimp, scallops, salmon or tofu)"
        " with fried rice, vegetables, salad and sauces. Upgrades: filet mignon +$5,"
        " lobster tail +$10, a third protein +$8, noodles +$4 per person.",
    ),
    (
        "How much for 8 adults and 2 kids?",
        "8 adults: 8 × $55 = $440. 2 children (6–12): 2 × $30 = $60. That's $500, which"
        " is below our $550 event minimum, so the total is $550 before upgrades and"
        " travel.",
    ),
    (
        "We are 20, 4 of the kids are under 5. 45 miles away",
        "Children of 5 and under eat free, so 16 guests at $55 are $880. Travel: 15 miles"
        " beyond the free 30 at $2 = $30. Total: $910.",
    ),
    (
        "Can you do wagyu or kobe for 12 people? How much?",
        "I'm sorry, we don't offer wagyu or kobe. Our best beef is filet mignon at $5"
        " more per person, so $60 for 12 people on top of $660: $720 in total.",
    ),
    (
        "12 adults, half want lobster",
        "6 lobster tails at $10 are $60, so with 12 adults at $55 ($660) the total comes to $720.",
    ),
    (
        "12 adults, 6 want lobster and 6 filet",
        "That is $660 for the 12 adults, plus $60 for 6 lobster tails and $30 for 6"
        " filets: $750 in total.",
    ),
    (
        "Do you charge for kids?",
        "Kids aged 6 to 12 are $30 each, and children 5 and under eat free. Adults are $55.",
    ),
    (
        "What's your cheapest package?",
        "Our events start at $550. It is $55 per adult and $30 per child from 6 to 12.",
    ),
    (
        "If it's 10 adults, how much would I pay on the day?",
        "10 adults are $550. With the $100 deposit paid, the remaining $450 is due on the"
        " day, by cash, card or Zelle. A 20 % tip would be $110.",
    ),
    (
        "my budget is 700 for 10 adults",
        "10 adults are $550, which leaves $150 of your budget for upgrades such as filet"
        " mignon ($50) or noodles ($40).",
    ),
    (
        "Price for 10 vs 20 guests?",
        "10 guests are $550 and 20 guests are $1,100.",
    ),
    (
        "how much is 10 adults, then 14?",
        "10 adults: $550. 14 adults: $770.",
    ),
    (
        "We have 25 adults, rent tables and plates too",
        "25 adults are $1,375. Tables and chairs at $9 are $225, plates and cutlery at $3"
        " are $75, so $1,675 in all.",
    ),
    (
        "My daughter has a severe peanut allergy",
        "We use no nuts and no peanut oil. Please tell the chef anyway.",
    ),
    (
        "Is the shrimp safe? I have a shellfish allergy",
        "Because our grill is shared, we cannot guarantee that there are no traces of"
        " shellfish. The chef can cook your meal first on a freshly cleaned grill.",
    ),
    (
        "I want a refund, the chef was late!",
        "I'm very sorry about the delay. I can't promise a refund myself, but a manager"
        " will call you back within 24 hours.",
    ),
    (
        "can I get a discount for 50 people",
        "We don't offer group discounts; 50 adults are $2,750.",
    ),
    (
        "Is Saturday June 14 free?",
        "I can't confirm the date yet; a $100 deposit holds it once the team has checked.",
    ),
    (
        "do you take venmo",
        "We accept cash, card or Zelle on the day; no checks.",
    ),
    (
        "cuanto para 10 adultos y 3 niños de 8",
        "10 adultos son $550 y 3 niños son $90, en total $640.",
    ),
    (
        "¿Tienen wagyu? ¿Cuánto cuesta el filete para 10?",
        "No tenemos wagyu. El filete cuesta $5 más por persona, o sea $50 para 10 personas.",
    ),
    (
        "我们15个大人5个小孩,加菲力,多少钱?",
        "15位成人$825,5位儿童$150,合计$975。菲力每人加$5,20人共$100,总计$1,075。",
    ),
    (
        "有和牛吗?最好的牛肉是什么?",
        "很抱歉,我们没有和牛。最好的是菲力牛排,每位加5美元。",
    ),
    (
        "大人15名、子供5名でいくらですか。フィレもお願いします",
        ""
        "大人15名で825ドル、子供5名で150ドル、合計975ドルです。フィレは1"
        "名5ドルで20名分100ドル、総額1,075ドルです。",
    ),
    (
        "和牛はありますか",
        ""
        "申し訳ございませんが、和牛は取り扱っておりません。フィレミニョンなら5ドル追"
        "加でご用意できます。",
    ),
    (
        "Can you come to Reno, 130 miles?",
        "Sorry, we only come to places within 100 miles of Sacramento, so 130 miles is too far.",
    ),
    (
        "How do I cancel?",
        "Cancel at least 4 days before the event and your $100 deposit is refunded in full.",
    ),
    (
        "what if only 5 adults",
        "5 adults would be $275, but our minimum is $550 per event, so you would pay $550.",
    ),
    (
        "Is the minimum per event or per person?",
        "It is per event: $550 before upgrades and travel.",
    ),
    (
        "Two dozen gyoza and 3 edamame?",
        "Two dozen gyoza are $30 and three bowls of edamame $18, together $48.",
    ),
    (
        "11 adults at 45 miles with filet for all",
        "11 × $55 = $605, filet 11 × $5 = $55, travel 15 × $2 = $30. Total: $690.",
    ),
    (
        "Hi! Birthday for 18 adults and 3 kids (4, 7, 9), 35 miles from you, 5 want lobster",
        "18 adults are $990. Your 7 and 9 year olds are $60 and the 4 year old is free."
        " Lobster for 5 is $50 and travel for 5 miles beyond 30 is $10. Total: $1,110.",
    ),
    (
        "Hey, roughly what would a party of 30 run us? Mostly adults, maybe 6 kids around 10.",
        "With 24 adults and 6 kids you would be at $1,500: 24 × $55 is $1,320 and 6 × $30"
        " is $180. Since you are more than 27 guests, two chefs come at no extra charge.",
    ),
    (
        "how do tips work for 20 adults?",
        "Tips aren't included. 20 % is usual, which would be $220 on a $1,100 bill.",
    ),
    (
        "Could we add noodles for everyone? We're 14.",
        "Sure! Noodles are $4 per person, so for 14 people that adds $56.",
    ),
    (
        "What would it be per head with lobster?",
        "$55 per adult plus $10 for the lobster tail makes $65 per person.",
    ),
    (
        "We're a company of 40. Do we get a better rate?",
        "Our prices stay the same for large groups, so 40 adults are $2,200. There's no"
        " group discount, but the second chef is free.",
    ),
    (
        "do you serve kobe?",
        "Kobe and wagyu aren't something we carry. Many guests choose filet mignon"
        " instead, at $5 extra per person.",
    ),
    (
        "How much deposit for 60 people?",
        "The deposit is always $100, no matter how many guests you are.",
    ),
    (
        "We booked for 16 adults and now 2 can't come",
        "No problem! With 14 adults the new total is $770, and you can change the number"
        " until 48 hours before.",
    ),
    (
        "If 12 adults come, is the minimum reached?",
        "Yes, 12 adults are $660, which is above our minimum of $550.",
    ),
    (
        "My kids are 3 and 7, we're 10 adults",
        "Your 3 year old eats free and your 7 year old is $30, so with 10 adults ($550)"
        " the total is $580.",
    ),
    (
        "Is the travel fee per mile both ways?",
        "No, it's one way: $2 for each mile after the first 30.",
    ),
    (
        "we are in Davis, about 20 miles, 10 adults",
        "Davis is within the free 30 miles, so there's no travel fee and 10 adults are $550.",
    ),
    (
        "My wife is allergic to eggs and sesame. Could she eat?",
        "Please be careful: our grill is shared, and traces of egg, soy and sesame cannot"
        " be ruled out.",
    ),
    (
        "I'm furious. Chef came an hour late and half the food was missing!!",
        "I'm so sorry, that must have been very disappointing. I can't decide about"
        " refunds, but a manager will call you within 24 hours.",
    ),
    (
        "Can I pay the $100 with a check?",
        "We take no checks, I'm afraid. You can pay the $100 deposit by card or Zelle.",
    ),
    (
        "¿Cuánto sería para 18 adultos con filete para todos?",
        "18 adultos son $990 y el filete son $90 más, en total $1,080.",
    ),
    (
        "¿Hacen descuento para grupos grandes?",
        "No ofrecemos descuentos para grupos; el precio es de $55 por adulto.",
    ),
    (
        "¿Cobran por ir a 55 millas?",
        "Sí, las primeras 30 millas son gratis y las otras 25 cuestan $2 cada una: $50.",
    ),
    (
        "请问8个大人多少钱?",
        "8位成人是$440,低于最低消费,所以按$550收取。",
    ),
    (
        "我儿子对花生过敏",
        "我们不使用坚果和花生油。",
    ),
    (
        "12个大人,都要龙虾,离你们40英里",
        "12位成人$660,龙虾$120,路费$20,一共$800。",
    ),
    (
        "大人8名の料金は?",
        "8名様ですと440ドルですが、最低料金の550ドルをいただきます。",
    ),
    (
        "子供は何歳から有料ですか",
        "6歳から12歳のお子様は30ドル、5歳以下は無料です。",
    ),
    (
        "ロブスターを追加すると10人でいくら?",
        "ロブスターは1名10ドルですので、10名で100ドルの追加です。",
    ),
    (
        "Do I get my money back if I cancel 3 days before?",
        "Unfortunately not: the $100 deposit is only refunded when you cancel at least 4"
        " days before.",
    ),
    (
        "compare 15 adults with chicken or with filet",
        "With chicken or steak 15 adults are $825; with filet mignon for all it's $900.",
    ),
)
